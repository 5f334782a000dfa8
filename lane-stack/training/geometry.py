"""Five-point geometry: the alignment template, the similarity fit, mirrored landmarks.

Landmark order everywhere: image-left eye, image-right eye, nose tip, image-left mouth corner, image-right mouth corner.
"""

import cv2
import numpy as np

# ArcFace's 112×112 template (Deng et al., CVPR 2019, insightface reference points).
T112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)
ALIGNED_SIDE = 112
MIRROR_ORDER = [1, 0, 2, 4, 3]


def similarity(source, target):
    """Least-squares rotation, even scale and shift source → target (Umeyama, PAMI 1991), as a 2×3 matrix."""
    source = np.asarray(source, np.float64)
    target = np.asarray(target, np.float64)
    mean_s, mean_t = source.mean(axis=0), target.mean(axis=0)
    s, t = source - mean_s, target - mean_t
    # In 2-D the best proper rotation has a closed form: the complex number Σ conj(s)·t.
    a = (s * t).sum()
    b = (s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]).sum()
    variance = (s * s).sum()
    if variance <= 0.0:
        raise ValueError("the landmarks coincide: no similarity transform exists")
    c, d = a / variance, b / variance
    linear = np.array([[c, -d], [d, c]])
    return np.column_stack([linear, mean_t - linear @ mean_s])


def align(image, landmarks, template=T112, side=ALIGNED_SIDE):
    """The face resampled into the template; outside the picture is black."""
    matrix = similarity(landmarks, template)
    shrink = np.hypot(matrix[0, 0], matrix[1, 0])
    # Bilinear sampling alone would alias when the source is more than twice as large.
    while shrink < 0.5:
        image = cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)
        landmarks = (np.asarray(landmarks, np.float64) + 0.5) / 2.0 - 0.5
        matrix = similarity(landmarks, template)
        shrink = np.hypot(matrix[0, 0], matrix[1, 0])
    return cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR)


def mirror_landmarks(landmarks, width):
    """Landmarks of the horizontally flipped picture: image-left and image-right change places."""
    flipped = np.array(landmarks, np.float64)[MIRROR_ORDER]
    flipped[:, 0] = (width - 1) - flipped[:, 0]
    return flipped
