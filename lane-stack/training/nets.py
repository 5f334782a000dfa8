"""The two networks: a YuNet-family face detector and an ArcFace-style face embedder.

Both take raw pixel values 0..255 (float32, NCHW) and normalise inside the graph, so a model card needs no mean or scale.
Plain 3×3 convolutions on purpose: on a CPU, training a depthwise-separable net of the same accuracy class is bound by
memory traffic and runs four to five times slower (measured: 63 against 250–300 aligned faces per second on two cores).
"""

import torch
import torch.nn.functional as F
from torch import nn

DETECTOR_STRIDES = (8, 16, 32)
DETECTOR_OUTPUTS = [f"{kind}_{s}" for kind in ("cls", "obj", "bbox", "kps") for s in DETECTOR_STRIDES]


# Where the five landmarks lie in a frontal face's box, in box widths and heights from its middle (assumption: roughly the
# T112 template in a face box); the head learns what differs from it.
LANDMARK_PRIOR = (-0.19, -0.10, 0.19, -0.10, 0.0, 0.10, -0.14, 0.28, 0.14, 0.28)


def conv_bn(cin, cout, kernel=3, stride=1, groups=1, act=True):
    layers = [
        nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(cout),
    ]
    if act:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


class Residual(nn.Module):
    """Two 3×3 convolutions with a shortcut; a halving block pools its shortcut before the 1×1 projection."""

    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.body = nn.Sequential(conv_bn(cin, cout, 3, stride), conv_bn(cout, cout, 3, act=False))
        if stride == 1 and cin == cout:
            self.shortcut = None
        else:
            pool = [nn.AvgPool2d(2)] if stride == 2 else []
            self.shortcut = nn.Sequential(*pool, conv_bn(cin, cout, 1, act=False))

    def forward(self, x):
        y = self.body(x)
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)), inplace=True)


class Detector(nn.Module):
    """Small residual backbone, top-down feature pyramid, one head of the same shape per stride 8, 16, 32.

    `forward(image)` gives DETECTOR_OUTPUTS, each [N, (H/s)(W/s), C] row-major, cls and obj as probabilities: the YuNet
    convention. `forward(image, raw=True)` gives one tensor [N, all cells, 16] with logits, for the loss.
    """

    def __init__(self, widths=(16, 16, 32, 64, 96), pyramid=40):
        super().__init__()
        self.config = {"widths": list(widths), "pyramid": pyramid}
        w2, w4, w8, w16, w32 = widths
        p = pyramid
        self.stem = nn.Sequential(conv_bn(3, w2, 3, 2), conv_bn(w2, w4, 3, 2))
        self.stage8 = Residual(w4, w8, 2)
        self.stage16 = nn.Sequential(Residual(w8, w16, 2), Residual(w16, w16))
        self.stage32 = nn.Sequential(Residual(w16, w32, 2), Residual(w32, w32))
        self.lateral = nn.ModuleList([conv_bn(w, p, 1) for w in (w8, w16, w32)])
        self.tower = nn.ModuleList([conv_bn(p, p, 3) for _ in DETECTOR_STRIDES])
        self.predict = nn.ModuleList([nn.Conv2d(p, 6, 3, padding=1) for _ in DETECTOR_STRIDES])
        # Landmarks have a tower of their own: where a corner lies is another question than whether a face is there.
        self.mark_tower = nn.ModuleList([conv_bn(p, p, 3) for _ in DETECTOR_STRIDES])
        self.mark = nn.ModuleList([nn.Conv2d(p, 10, 3, padding=1) for _ in DETECTOR_STRIDES])
        for head in [*self.predict, *self.mark]:
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
        for head in self.predict:
            # A prior of 1 % for "a face is here", or the empty cells swamp the first steps.
            nn.init.constant_(head.bias[0:2], -4.6)
            nn.init.constant_(head.bias[4:6], 1.0)

    def forward(self, image, raw=False):
        x = (image - 127.5) * (1.0 / 64.0)
        c8 = self.stage8(self.stem(x))
        c16 = self.stage16(c8)
        c32 = self.stage32(c16)
        p32 = self.lateral[2](c32)
        p16 = self.lateral[1](c16) + F.interpolate(p32, scale_factor=2.0, mode="nearest")
        p8 = self.lateral[0](c8) + F.interpolate(p16, scale_factor=2.0, mode="nearest")
        flat = []
        prior = torch.tensor(LANDMARK_PRIOR)
        heads = zip((p8, p16, p32), self.tower, self.predict, self.mark_tower, self.mark)
        for level, tower, head, mark_tower, mark in heads:
            y = torch.cat([head(tower(level)), mark(mark_tower(level))], dim=1).permute(0, 2, 3, 1)
            y = y.reshape(y.shape[0], -1, 16).float()
            # Landmarks relative to the predicted box: far quicker to learn than free offsets in strides.
            centre, extent = y[..., 2:4], torch.exp(torch.clamp(y[..., 4:6], -3.0, 6.0))
            marks = torch.cat([centre] * 5, dim=-1) + torch.cat([extent] * 5, dim=-1) * (prior + 0.1 * y[..., 6:16])
            flat.append(torch.cat([y[..., 0:6], marks], dim=-1))
        if raw:
            return torch.cat(flat, dim=1)
        cls = [torch.sigmoid(y[..., 0:1]) for y in flat]
        obj = [torch.sigmoid(y[..., 1:2]) for y in flat]
        return (*cls, *obj, *[y[..., 2:6] for y in flat], *[y[..., 6:16] for y in flat])


class Embedder(nn.Module):
    """112×112 RGB 0..255 → unit vector; a global depthwise convolution weighs the 7×7 places at the end."""

    def __init__(self, dim=128, stem=16, widths=(32, 80, 144), blocks=(1, 2, 2)):
        super().__init__()
        self.config = {"dim": dim, "stem": stem, "widths": list(widths), "blocks": list(blocks)}
        layers = [conv_bn(3, stem, 5, 2)]
        cin = stem
        for width, count in zip(widths, blocks):
            layers.append(Residual(cin, width, 2))
            layers += [Residual(width, width) for _ in range(count - 1)]
            cin = width
        self.features = nn.Sequential(*layers)
        self.widen = conv_bn(cin, 256, 1)
        self.gather = nn.Sequential(nn.Conv2d(256, 256, 7, groups=256, bias=False), nn.BatchNorm2d(256))
        self.project = nn.Linear(256, dim, bias=False)
        self.norm = nn.BatchNorm1d(dim)

    def forward(self, image):
        x = (image - 127.5) * (1.0 / 64.0)
        x = self.gather(self.widen(self.features(x))).flatten(1)
        x = self.norm(self.project(x)).float()
        # The L2 norm written out, so that every runtime has the operators.
        return x / torch.sqrt((x * x).sum(dim=1, keepdim=True) + 1e-12)


def parameter_count(net):
    return sum(p.numel() for p in net.parameters())
