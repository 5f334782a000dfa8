"""What cameras, glass and encoders do to a picture, as cheap random changes of uint8 pictures (OpenCV, in place)."""

import cv2
import numpy as np

# OpenCV's own threads would fight with PyTorch's for two cores.
cv2.setNumThreads(1)

_NOISE_SIDE = 1024
_NOISE_SD = 36.0
_noise = None


def _noise_plane():
    # One fixed field of normal noise around 128; a patch at a random offset and gain is as good as fresh noise, and free.
    global _noise
    if _noise is None:
        field = np.random.default_rng(20_240_607).normal(128.0, _NOISE_SD, (_NOISE_SIDE, _NOISE_SIDE, 3))
        _noise = np.clip(np.rint(field), 0, 255).astype(np.uint8)
    return _noise


def _tone_table(rng, strength):
    """256×3 table: exposure, gamma, contrast, colour cast and an even veil, in that order of a camera's light path."""
    level = np.linspace(0.0, 1.0, 256, dtype=np.float32)[:, None].repeat(3, axis=1)
    gain = np.exp(rng.normal(0.0, 0.40 * strength))
    cast = np.exp(rng.normal(0.0, 0.10 * strength, size=3)).astype(np.float32)
    level = level * np.float32(gain) * cast
    if rng.random() < 0.35 * strength:
        veil = rng.uniform(0.03, 0.40)
        tint = np.float32(veil) * (1.0 + rng.normal(0.0, 0.12, size=3).astype(np.float32))
        level = level * np.float32(1.0 - 0.5 * veil) + tint
    level = np.clip(level, 0.0, 1.0) ** np.float32(np.exp(rng.normal(0.0, 0.28 * strength)))
    contrast = np.float32(np.exp(rng.normal(0.0, 0.20 * strength)))
    pivot = np.float32(rng.uniform(0.3, 0.6))
    level = (level - pivot) * contrast + pivot
    return (np.clip(level, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def _motion_kernel(rng, longest):
    length = rng.uniform(2.0, longest)
    angle = rng.uniform(0.0, np.pi)
    size = int(np.ceil(length)) | 1
    kernel = np.zeros((size, size), np.float32)
    centre = size / 2.0 - 0.5
    for t in np.linspace(-0.5, 0.5, 4 * size):
        x = int(round(centre + t * (length - 1.0) * np.cos(angle)))
        y = int(round(centre + t * (length - 1.0) * np.sin(angle)))
        kernel[y, x] = 1.0
    return kernel / kernel.sum()


def _gradient_veil(image, rng):
    """A reflection in a pane: light that grows along one direction, tinted towards the sky."""
    height, width = image.shape[:2]
    angle = rng.uniform(0.0, 2.0 * np.pi)
    ramp_x = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(np.cos(angle))
    ramp_y = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(np.sin(angle))
    ramp = np.clip(0.5 + ramp_x[None, :] + ramp_y[:, None] + rng.uniform(-0.3, 0.3), 0.0, 1.0)
    colour = (rng.uniform(30.0, 130.0) * (1.0 + rng.normal(0.0, 0.15, size=3))).astype(np.float32)
    veil = np.clip(ramp[..., None] * colour, 0, 255).astype(np.uint8)
    return cv2.add(image, veil)


def degrade(image, rng, strength=1.0, blur_px=2.0, motion_px=7.0, shrink=0.0):
    """Random exposure, colour, veil, defocus, motion blur, resolution loss, noise, grey and JPEG on an H×W×3 uint8 picture.

    `blur_px` and `motion_px` bound the blur in pixels of this picture; `shrink` > 0 is the smallest factor of a
    down-and-up resampling.
    """
    image = cv2.LUT(image, _tone_table(rng, strength)[None])
    if rng.random() < 0.15 * strength:
        image = _gradient_veil(image, rng)
    if shrink > 0.0 and rng.random() < 0.5:
        height, width = image.shape[:2]
        factor = np.exp(rng.uniform(np.log(shrink), 0.0))
        small = (max(8, round(width * factor)), max(8, round(height * factor)))
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        image = _noise_on(image, rng, strength)
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    pick = rng.random()
    if pick < 0.20:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, blur_px))
    elif pick < 0.30:
        image = cv2.filter2D(image, -1, _motion_kernel(rng, motion_px))
    image = _noise_on(image, rng, strength)
    if rng.random() < 0.2:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if rng.random() < 0.25:
        quality = int(rng.integers(35, 95))
        ok, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = cv2.imdecode(code, cv2.IMREAD_COLOR) if ok else image
    return image


def _noise_on(image, rng, strength):
    if rng.random() > 0.6:
        return image
    height, width = image.shape[:2]
    y = int(rng.integers(0, _NOISE_SIDE - height + 1))
    x = int(rng.integers(0, _NOISE_SIDE - width + 1))
    gain = abs(rng.normal(0.0, 7.0 * strength)) / _NOISE_SD
    return cv2.addWeighted(image, 1.0, _noise_plane()[y : y + height, x : x + width], gain, -128.0 * gain)
