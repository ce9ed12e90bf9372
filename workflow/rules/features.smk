"""
Measure angles, lengths and speeds on the tracked poses, and join them with measurements of other devices by time.

REQUIRED INPUTS:  tracks/{video}.parquet; for the join the sensor's file and videos/{video}.json
OUTPUTS:          features/{video}.parquet (the poses with features as columns)
                  measurements/{video}.parquet (each frame with measured values and features),
                  measurements/{video}.png and .tsv (how they go together)
"""


rule features:
    """Measuring the posture and motion of the animals of each video."""
    input:
        tracks=rules.track.output.tracks,
    output:
        features=f"{RESULTS}/features/{{video}}.parquet",
    log:
        f"{RESULTS}/logs/features/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/features/{{video}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60, per_gb=240),
    params:
        settings=lambda wildcards: settings(CONFIG.features.of_video(wildcards.video)),
        code=code_version("antpipe.features.measure"),
    message:
        "Measuring the animals of {wildcards.video}"
    script:
        "../scripts/features.py"


rule measurements:
    """Joining the frames of each video with measurements."""
    input:
        features=rules.features.output.features,
        measurements=ancient(lambda wildcards: MEASUREMENTS[wildcards.video]),
        sidecar=rules.preprocess.output.sidecar,
    output:
        joined=f"{RESULTS}/measurements/{{video}}.parquet",
    log:
        f"{RESULTS}/logs/measurements/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measurements/{{video}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60, per_gb=120),
    params:
        settings=lambda wildcards: CONFIG.measurements.of_video(
            wildcards.video
        ).model_dump(mode="json", exclude={"compare"}),
        content=lambda wildcards: CONTENTS.get(MEASUREMENTS[wildcards.video]),
        code=code_version("antpipe.features.join"),
    message:
        "Joining {wildcards.video} with measurements"
    script:
        "../scripts/measurements.py"


rule draw_measurements:
    """Drawing what was measured beside the angles of each video."""
    input:
        joined=rules.measurements.output.joined,
    output:
        figure=report(
            f"{RESULTS}/measurements/{{video}}.png",
            category="Videos",
            subcategory="{video}",
            labels={"picture": "measurements and angles"},
            caption="../report/measurements.rst",
        ),
        correlations=f"{RESULTS}/measurements/{{video}}.tsv",
    log:
        f"{RESULTS}/logs/draw_measurements/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/draw_measurements/{{video}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60, per_gb=120),
    params:
        settings=settings(CONFIG.measurements.compare),
        code=code_version("antpipe.report.measurements"),
    message:
        "Drawing the measurements of {wildcards.video}"
    script:
        "../scripts/draw_measurements.py"
