"""Tools for parameters: limits on gradients, one long vector, weights in disguise."""

from lucid.nn.utils import parametrizations, parametrize
from lucid.nn.utils.clip import clip_grad_norm_, clip_grad_value_
from lucid.nn.utils.convert import parameters_to_vector, vector_to_parameters
from lucid.nn.utils.fusion import fuse_conv_bn_eval
from lucid.nn.utils.skip import skip_init
