"""The networks of a course, each in a screen or two, with its paper."""

from lucid.models.gan import Critic, Discriminator, Generator, gradient_penalty
from lucid.models.lenet import LeNet5
from lucid.models.mobilenet import MobileNetV1, MobileNetV2, MobileNetV3
from lucid.models.resnet import ResNet, resnet18, resnet20, resnet50
from lucid.models.unet import UNet, UNet3d
from lucid.models.vae import VAE, vae_loss
from lucid.models.vgg import VGG, vgg11, vgg16, vgg_cifar
from lucid.models.wavenet import WaveNet

__all__ = [
    "Critic", "Discriminator", "Generator", "LeNet5", "MobileNetV1", "MobileNetV2", "MobileNetV3",
    "ResNet", "UNet", "UNet3d", "VAE", "VGG", "WaveNet", "gradient_penalty", "resnet18",
    "resnet20", "resnet50", "vae_loss", "vgg11", "vgg16", "vgg_cifar",
]
