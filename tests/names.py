"""The public names that a course needs, kept apart from what the library has.

A test compares the two. What PyTorch has and lucid has not stands below with the reason, which
docs/explain/pytorch.rst tells its readers too.
"""

NAMES = {
    "lucid": """
        tensor as_tensor from_numpy zeros ones full empty eye arange linspace zeros_like
        ones_like full_like empty_like rand randn randint randperm rand_like randn_like
        normal bernoulli manual_seed seed initial_seed Generator get_rng_state set_rng_state
        get_default_dtype set_default_dtype get_num_threads set_num_threads
        use_deterministic_algorithms Tensor device dtype float32 float64 int32 int64 int8
        uint8 bool float16 finfo iinfo is_tensor no_grad enable_grad inference_mode
        set_grad_enabled is_grad_enabled save load allclose equal isclose set_printoptions
        __version__ show_config abs neg sign exp log log1p expm1 log2 sqrt rsqrt square pow
        reciprocal sin cos tan tanh sigmoid erf relu clamp round floor ceil trunc add sub
        mul div floor_divide remainder maximum minimum where lerp isnan isinf isfinite eq ne
        lt le gt ge logical_and logical_or logical_not logical_xor nan_to_num sum mean prod
        max min amax amin argmax argmin any all var std var_mean norm logsumexp cumsum
        cumprod topk sort argsort unique count_nonzero bincount median softmax log_softmax
        reshape flatten unflatten squeeze unsqueeze transpose permute movedim swapaxes t
        broadcast_to tile repeat_interleave cat stack split chunk unbind flip roll tril triu
        diag diagonal gather scatter scatter_add index_select index_add take_along_dim
        masked_select masked_fill nonzero meshgrid narrow select as_strided matmul mm bmm mv
        dot outer einsum tensordot addmm
    """,
    "lucid.linalg": """
        norm svd qr inv solve det
    """,
    "lucid.Tensor": """
        abs neg sign exp log log1p expm1 log2 sqrt rsqrt square pow reciprocal sin cos tan
        tanh sigmoid erf relu clamp round floor ceil trunc add sub mul div floor_divide
        remainder maximum minimum where lerp isnan isinf isfinite eq ne lt le gt ge
        logical_and logical_or logical_not logical_xor nan_to_num sum mean prod max min amax
        amin argmax argmin any all var std norm logsumexp cumsum cumprod topk sort argsort
        unique count_nonzero bincount median softmax log_softmax reshape view flatten
        unflatten squeeze unsqueeze transpose permute movedim swapaxes t T mT expand
        broadcast_to repeat tile repeat_interleave split chunk unbind flip roll tril triu
        diag diagonal gather scatter scatter_add index_select index_add take_along_dim
        masked_select masked_fill nonzero narrow select unfold as_strided matmul mm bmm mv
        dot outer addmm shape size ndim dim numel dtype device requires_grad is_leaf grad_fn
        data item tolist numpy __array__ __dlpack__ detach clone contiguous is_contiguous
        stride storage_offset element_size nbytes to type float double int long bool half
        cpu backward retain_grad register_hook requires_grad_ zero_ fill_ copy_ add_ sub_
        mul_ div_ clamp_ uniform_ normal_ __len__ __iter__ __bool__ __repr__ __format__
        __reduce_ex__ allclose equal isclose
    """,
    "lucid.autograd": """
        grad backward Function gradcheck gradgradcheck detect_anomaly set_detect_anomaly
        functional tape
    """,
    "lucid.autograd.functional": """
        jacobian hessian vjp
    """,
    "lucid.autograd.Function": """
        forward backward
    """,
    "lucid.utils.checkpoint": """
        checkpoint
    """,
    "lucid.nn": """
        Module Parameter UninitializedParameter Buffer LazyModuleMixin Sequential ModuleList
        ModuleDict ParameterList ParameterDict Identity Conv1d Conv2d Conv3d ConvTranspose1d
        ConvTranspose2d ConvTranspose3d LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d
        LazyConvTranspose2d LazyConvTranspose3d Linear LazyLinear Bilinear Embedding
        MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d
        AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d
        AdaptiveMaxPool3d LPPool2d MaxUnpool1d MaxUnpool2d MaxUnpool3d BatchNorm1d
        BatchNorm2d BatchNorm3d LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LayerNorm
        GroupNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d LocalResponseNorm ReLU ReLU6
        LeakyReLU PReLU ELU SELU GELU SiLU Mish Softplus Sigmoid Tanh Hardtanh Hardswish
        Hardsigmoid Softmax LogSoftmax Softmax2d GLU Dropout Dropout1d Dropout2d Dropout3d
        AlphaDropout Flatten Unflatten Upsample UpsamplingNearest2d UpsamplingBilinear2d
        PixelShuffle PixelUnshuffle ChannelShuffle Fold Unfold ZeroPad1d ZeroPad2d ZeroPad3d
        ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d
        ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d CircularPad1d
        CircularPad2d CircularPad3d CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss
        MSELoss L1Loss SmoothL1Loss HuberLoss KLDivLoss MultiMarginLoss HingeEmbeddingLoss
        CosineEmbeddingLoss TripletMarginLoss GaussianNLLLoss LazyInstanceNorm1d
        LazyInstanceNorm2d LazyInstanceNorm3d
    """,
    "lucid.nn.Module": """
        forward __call__ register_parameter register_buffer register_module add_module
        parameters named_parameters buffers named_buffers children named_children modules
        named_modules get_submodule get_parameter get_buffer apply to float double cpu type
        train eval requires_grad_ zero_grad state_dict load_state_dict _save_to_state_dict
        _load_from_state_dict register_forward_pre_hook register_forward_hook
        register_full_backward_hook register_full_backward_pre_hook
        register_load_state_dict_pre_hook register_load_state_dict_post_hook extra_repr
        __repr__ get_extra_state set_extra_state has_uninitialized_params
    """,
    "lucid.nn.functional": """
        linear bilinear embedding max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d
        avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
        adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d lp_pool2d max_unpool1d
        max_unpool2d max_unpool3d batch_norm layer_norm group_norm instance_norm
        local_response_norm relu relu6 leaky_relu prelu elu selu gelu silu mish softplus
        sigmoid tanh hardtanh hardswish hardsigmoid softmax log_softmax glu dropout
        dropout1d dropout2d dropout3d alpha_dropout upsample pixel_shuffle pixel_unshuffle
        channel_shuffle fold unfold pad cross_entropy nll_loss binary_cross_entropy
        binary_cross_entropy_with_logits mse_loss l1_loss smooth_l1_loss huber_loss kl_div
        multi_margin_loss hinge_embedding_loss cosine_embedding_loss triplet_margin_loss
        gaussian_nll_loss conv1d conv2d conv3d conv_transpose1d conv_transpose2d
        conv_transpose3d interpolate one_hot normalize cosine_similarity gumbel_softmax
    """,
    "lucid.nn.grad": """
        conv1d_input conv1d_weight conv2d_input conv2d_weight conv3d_input conv3d_weight
        conv_transpose1d_input conv_transpose1d_weight conv_transpose2d_input
        conv_transpose2d_weight conv_transpose3d_input conv_transpose3d_weight
    """,
    "lucid.nn.init": """
        uniform_ normal_ constant_ ones_ zeros_ eye_ dirac_ xavier_uniform_ xavier_normal_
        kaiming_uniform_ kaiming_normal_ trunc_normal_ orthogonal_ sparse_ calculate_gain
    """,
    "lucid.nn.utils": """
        clip_grad_norm_ clip_grad_value_ parameters_to_vector vector_to_parameters
        fuse_conv_bn_eval parametrize parametrizations skip_init
    """,
    "lucid.nn.utils.parametrize": """
        register_parametrization remove_parametrizations is_parametrized
    """,
    "lucid.nn.utils.parametrizations": """
        weight_norm spectral_norm orthogonal
    """,
    "lucid.optim": """
        Optimizer SGD Adam AdamW RMSprop Adagrad Adadelta Adamax NAdam LBFGS lr_scheduler
        swa_utils
    """,
    "lucid.optim.Optimizer": """
        add_param_group zero_grad step state_dict load_state_dict
    """,
    "lucid.optim.lr_scheduler": """
        LambdaLR StepLR MultiStepLR ExponentialLR ConstantLR LinearLR CosineAnnealingLR
        CosineAnnealingWarmRestarts OneCycleLR CyclicLR PolynomialLR ReduceLROnPlateau
        SequentialLR ChainedScheduler
    """,
    "lucid.optim.swa_utils": """
        AveragedModel
    """,
    "lucid.utils.data": """
        Dataset IterableDataset TensorDataset Subset ConcatDataset random_split DataLoader
        Sampler SequentialSampler RandomSampler SubsetRandomSampler WeightedRandomSampler
        BatchSampler default_collate
    """,
    "lucid.datasets": """
        shapes2d load_digits glyphs2d checkers2d masks2d blobs3d waveforms1d two_moons
        read_idx read_cifar10_bin ImageFolder
    """,
    "lucid.transforms": """
        Compose ToTensor Normalize RandomCrop RandomHorizontalFlip Resize CenterCrop
    """,
    "lucid.conv": """
        conv_output_size conv_transpose_output_size output_padding_for same_padding
        conv_matrix conv_transpose_matrix conv_as_einsum receptive_field overlap_map
        trace_output show_padding
    """,
    "lucid.kernels": """
        use register get list explain compare
    """,
    "lucid.inspect": """
        summary output_shape count_parameters count_macs memory_estimate tape saliency
        grad_cam feature_maps filter_grid
    """,
    "lucid.testing": """
        assert_close check_adjoint check_layer assert_matches_torch
    """,
    "lucid.grade": """
        check_conv1d check_conv2d check_conv3d check_conv_transpose check_im2col check_pool
        check_batchnorm report
    """,
    "lucid.errors": """
        LucidError ShapeError DtypeError DeviceError LazyError GradError
    """,
    "lucid.models": """
        LeNet5 VGG vgg11 vgg16 vgg_cifar ResNet resnet18 resnet20 resnet50 MobileNetV1
        MobileNetV2 MobileNetV3 UNet UNet3d Generator Discriminator Critic gradient_penalty
        VAE vae_loss WaveNet
    """,
}

# names of `lucid` that stand in no table: the errors, the subpackages, and what needs no table
BESIDE = """
    DeviceError DtypeError GradError LazyError LucidError ShapeError autograd conv datasets
    grade inspect kernels linalg models nn optim random testing transforms utils clip double
    float half int long multinomial clone from_dlpack frombuffer get_float32_precision
    promote_types set_float32_precision
"""

LEFT_OUT = {
    "lucid.Size": "shapes are plain tuples, which print, compare and unpack like themselves",
    "lucid.fft": "there are no complex tensors; kernels.use('fft') computes, numpy.fft shows",
    "lucid.autograd.Function.save_for_backward": "a step is an object: inputs are kept for it",
    "lucid.autograd.Function.setup_context": "options go to __init__, there is no context",
    "lucid.autograd.Function.needs_input_grad": "it is called needs",
    "lucid.autograd.Function.once_differentiable": "backward computes with tensors, so it is too",
    "lucid.conv.algorithm": "it is lucid.kernels.use",
    "lucid.conv.available_algorithms": "it is lucid.kernels.list",
    "lucid.conv.compare_algorithms": "it is lucid.kernels.compare; kernels.explain says what runs",
    "lucid.conv.explain": "lucid.conv.trace_output takes an output apart, with its arithmetic",
    "lucid.conv.explain_backward": "lucid.autograd.tape prints the graph with its formulas",
}
