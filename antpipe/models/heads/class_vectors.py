"""Class vectors: how likely a crop shows each of the animals that can be told apart."""

from keras import KerasTensor, layers

from antpipe.models.registry import HEADS, Features
from antpipe.models.spec import ModelSpec


@HEADS.register("class_vectors")
def class_vectors(features: Features, spec: ModelSpec, name: str) -> KerasTensor:
    """Return the probabilities (batch, classes) of a crop of `crop_size`, which sum to 1.

    Without `global_pool` the place of each feature matters, and the network takes crops of that size only.
    Layers have SLEAP's names, with the number of the stack behind.
    """
    config, stack = spec.config.head.class_vectors, name.rpartition("_")[2]
    x = features[config.output_stride]
    if config.global_pool:
        x = layers.GlobalMaxPooling2D(name=f"pre_classification_global_pool_{stack}")(x)
    else:
        side = (spec.crop_size or 0) // config.output_stride
        x = layers.Reshape((side * side * x.shape[-1],), name=f"pre_classification_flatten_{stack}")(x)
    for number in range(config.num_fc_layers):
        x = layers.Dense(config.num_fc_units, name=f"pre_classification{number}_fc_{stack}")(x)
        x = layers.Activation("relu", name=f"pre_classification{number}_relu_{stack}")(x)
    return layers.Dense(len(spec.classes), activation="softmax", dtype="float32", name=name)(x)
