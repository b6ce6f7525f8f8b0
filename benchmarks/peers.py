"""The second peer: ONNX Runtime, where it is installed."""

try:
    import onnx
    import onnxruntime
except ImportError:
    onnx = None


def onnx_forward(layer, x, w, b, threads):
    """Build a model of one layer and return a function that runs it; None without the peer."""
    if onnx is None:
        return None
    helper = onnx.helper
    spatial = layer.ndim
    attributes = dict(
        strides=[layer.stride] * spatial, dilations=[layer.dilation] * spatial,
        pads=[layer.padding] * 2 * spatial, group=layer.groups,
    )
    node = helper.make_node(
        "ConvTranspose" if layer.transposed else "Conv", ["x", "w", "b"], ["y"], **attributes
    )
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node], "layer", [value("x", onnx.TensorProto.FLOAT, x.shape)],
        [value("y", onnx.TensorProto.FLOAT, layer.y_shape)],
        [onnx.numpy_helper.from_array(w, "w"), onnx.numpy_helper.from_array(b, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # its idle threads would spin on the cores while the other libraries have their turn
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"x": x})
