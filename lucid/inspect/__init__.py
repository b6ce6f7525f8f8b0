"""Seeing what a model is and does: sizes before it runs, pictures when it has."""

from lucid.autograd import tape
from lucid.inspect.pictures import Pictures, feature_maps, filter_grid, grad_cam, saliency
from lucid.inspect.sizes import (
    count_macs, count_parameters, memory_estimate, output_shape, summary,
)

__all__ = [
    "Pictures", "count_macs", "count_parameters", "feature_maps", "filter_grid", "grad_cam",
    "memory_estimate", "output_shape", "saliency", "summary", "tape",
]
