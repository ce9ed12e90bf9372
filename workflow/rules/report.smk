"""
Pictures and figures of everything, for a person to look at.

REQUIRED INPUTS:  tracks, videos, models, labels
OUTPUTS:          report/{video}.mp4 (overlay), report/{video}.png (a frame of it), report/{video}.tracks.png (timeline),
                  report/accuracy.json, report/summary.html
"""


rule draw_video:
    """Drawing the poses and tracks of each video."""
    input:
        video=rules.preprocess.output.video,
        tracks=rules.track.output.tracks,
    output:
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
    log:
        f"{RESULTS}/logs/draw_video/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/draw_video/{{video}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=3000,
        runtime=240,
    params:
        settings=settings(CONFIG.report),
        code=code_version("antpipe.report.video"),
    message:
        "Drawing the poses of {wildcards.video}"
    script:
        "../scripts/draw_video.py"


rule accuracy:
    """Comparing the tracks with labelled frames that no network was trained on."""
    input:
        labels=rules.merge.output.labels,
        split=rules.split.output.split,
        videos=videos_and_sidecars(),
        tracks=expand(f"{RESULTS}/tracks/{{video}}.parquet", video=VIDEOS),
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
        videos=VIDEOS,
        code=code_version("antpipe.evaluation.project"),
    message:
        "Comparing the tracks with labelled frames"
    script:
        "../scripts/accuracy.py"


rule summary:
    """Putting everything on one page."""
    input:
        tracks=expand(f"{RESULTS}/tracks/{{video}}.parquet", video=VIDEOS),
        stills=expand(
            f"{RESULTS}/report/{{video}}.{{picture}}",
            video=VIDEOS,
            picture=["png", "tracks.png"],
        ),
        models=of_all_runs("learning_curves.png", "examples.png"),
        selected=rules.select.output.selected,
        accuracy=rules.accuracy.output.accuracy,
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
        title=f"antpipe: {CONFIG.experiment}",
        code=code_version("antpipe.report.summary"),
    message:
        "Putting everything on one page"
    script:
        "../scripts/summary.py"
