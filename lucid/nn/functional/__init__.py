"""The layers as functions of tensors, to be called with weights of your own."""

from lucid.nn.functional.activation import (
    elu, gelu, glu, gumbel_softmax, hardsigmoid, hardswish, hardtanh, leaky_relu, log_softmax, mish,
    prelu, relu, relu6, selu, sigmoid, silu, softmax, softplus, tanh,
)
from lucid.nn.functional.adaptive_pooling import (
    adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d, adaptive_max_pool1d,
    adaptive_max_pool2d, adaptive_max_pool3d, lp_pool1d, lp_pool2d, lp_pool3d, max_unpool1d,
    max_unpool2d, max_unpool3d,
)
from lucid.nn.functional.conv import (
    conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d,
)
from lucid.nn.functional.distance import cosine_similarity, normalize, one_hot, pairwise_distance
from lucid.nn.functional.dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d
from lucid.nn.functional.embedding import bilinear, embedding
from lucid.nn.functional.interpolation import (
    channel_shuffle, interpolate, pixel_shuffle, pixel_unshuffle, upsample,
)
from lucid.nn.functional.layernorm import group_norm, instance_norm, layer_norm, local_response_norm
from lucid.nn.functional.linear import linear
from lucid.nn.functional.loss import cross_entropy, mse_loss, nll_loss
from lucid.nn.functional.margin_loss import (
    cosine_embedding_loss, hinge_embedding_loss, multi_margin_loss, triplet_margin_loss,
)
from lucid.nn.functional.normalization import batch_norm
from lucid.nn.functional.pad import pad
from lucid.nn.functional.pooling import (
    avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d,
)
from lucid.nn.functional.probability_loss import (
    binary_cross_entropy, binary_cross_entropy_with_logits, kl_div,
)
from lucid.nn.functional.regression_loss import (
    gaussian_nll_loss, huber_loss, l1_loss, smooth_l1_loss,
)
from lucid.nn.functional.unfold import fold, unfold
