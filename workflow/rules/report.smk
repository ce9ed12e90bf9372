"""
Pictures and figures of everything, for a person to look at.

REQUIRED INPUTS:  tracks, features, videos, models, labels
OUTPUTS:          report/{video}.mp4 (overlay), report/{video}.png (a frame of it), report/{video}.tracks.png (timeline),
                  report/trajectories/{video}.png, report/occupancy/{video}.png, report/traces/{video}.png (angles),
                  report/continuity/{video}.png (where tracks broke, what to look at), .tracks.tsv, .to_check.tsv,
                  report/accuracy.json, report/summary.html
"""

# Only where there are features.
TRACES = (
    {
        "traces": report(
            f"{RESULTS}/report/traces/{{video}}.png",
            category="Videos",
            subcategory="{video}",
            labels={"picture": "angles over time"},
            caption="../report/traces.rst",
        )
    }
    if CONFIG.features.kinds
    else {}
)


rule draw:
    """Drawing the poses and tracks of each video, and what was measured on them."""
    input:
        video=rules.preprocess.output.video,
        tracks=rules.track.output.tracks,
        events=rules.track.output.events,
        features=rules.features.output.features if CONFIG.features.kinds else [],
    output:
        **TRACES,
        overlay=report(
            f"{RESULTS}/report/{{video}}.mp4",
            category="Videos",
            subcategory="{video}",
            labels={"picture": "film with poses"},
            caption="../report/overlay.rst",
        ),
        still=report(
            f"{RESULTS}/report/{{video}}.png",
            category="Videos",
            subcategory="{video}",
            labels={"picture": "a frame with poses"},
            caption="../report/still.rst",
        ),
        timeline=report(
            f"{RESULTS}/report/{{video}}.tracks.png",
            category="Videos",
            subcategory="{video}",
            labels={"picture": "tracks over time"},
            caption="../report/timeline.rst",
        ),
        continuity=report(
            f"{RESULTS}/report/continuity/{{video}}.png",
            category="Videos",
            subcategory="{video}",
            labels={"picture": "breaks and doubts of tracks"},
            caption="../report/continuity.rst",
        ),
        per_track=f"{RESULTS}/report/continuity/{{video}}.tracks.tsv",
        to_check=f"{RESULTS}/report/continuity/{{video}}.to_check.tsv",
        trajectories=report(
            f"{RESULTS}/report/trajectories/{{video}}.png",
            category="Videos",
            subcategory="{video}",
            labels={"picture": "trajectories"},
            caption="../report/trajectories.rst",
        ),
        occupancy=report(
            f"{RESULTS}/report/occupancy/{{video}}.png",
            category="Videos",
            subcategory="{video}",
            labels={"picture": "where animals were"},
            caption="../report/occupancy.rst",
        ),
    log:
        f"{RESULTS}/logs/draw/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/draw/{{video}}.jsonl"
    wildcard_constraints:
        video=ONE_OF_THE_VIDEOS,
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=3000,
        runtime=300,
    params:
        settings=settings(CONFIG.report),
        features=lambda wildcards: settings(CONFIG.features.of_video(wildcards.video)),
        code=code_version("antpipe.report.pictures"),
    message:
        "Drawing {wildcards.video}"
    script:
        "../scripts/draw.py"


rule accuracy:
    """Comparing the tracks with labelled frames that no network was trained on."""
    input:
        labels=LABELS,
        split=SPLIT,
        videos=videos_and_sidecars(LABELLED),
        tracks=expand(f"{RESULTS}/tracks/{{video}}.parquet", video=LABELLED),
        identities=true_identities(),
    output:
        accuracy=f"{RESULTS}/report/accuracy.json",
    log:
        f"{RESULTS}/logs/accuracy.log",
    benchmark:
        f"{RESULTS}/benchmarks/accuracy.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        videos=list(LABELLED),
        code=code_version("antpipe.evaluation.project"),
    message:
        "Comparing the tracks with labelled frames"
    script:
        "../scripts/accuracy.py"


rule summary:
    """Putting everything on one page."""
    input:
        tracks=expand(f"{RESULTS}/tracks/{{video}}.parquet", video=VIDEOS),
        pictures=expand(list(PICTURES.values()), video=VIDEOS),
        models=of_all_runs("learning_curves.png", "examples.png", "receptive_field.png"),
        selected=SELECTED,
        accuracy=f"{RESULTS}/report/accuracy.json",
    output:
        page=report(
            f"{RESULTS}/report/summary.html",
            category="Summary",
            labels={"page": "summary"},
            caption="../report/summary.rst",
        ),
    log:
        f"{RESULTS}/logs/summary.log",
    benchmark:
        f"{RESULTS}/benchmarks/summary.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        videos=VIDEOS,
        pictures=PICTURES,
        title=f"antpipe: {CONFIG.experiment}",
        code=code_version("antpipe.report.summary"),
    message:
        "Putting everything on one page"
    script:
        "../scripts/summary.py"
