//! OpenH264's encoder through its C++ interface: the safe one of the crate `openh264` can neither set a quantisation
//! parameter nor keep the library from writing to the terminal before its first frame.
#![allow(unsafe_code)]
use std::{ffi::c_int, ptr::null_mut};

use laneproof_scenes::catalogue::H264;
use openh264_sys2::{
    API as _, ENCODER_OPTION_TRACE_LEVEL, ISVCEncoder, ISVCEncoderVtbl, MEDIUM_COMPLEXITY, PRO_MAIN, RC_BITRATE_MODE,
    RC_OFF_MODE, SEncParamExt, SFrameBSInfo, SM_SINGLE_SLICE, SSourcePicture, WELS_LOG_QUIET, source::APILoader,
    videoFormatI420, videoFrameTypeI, videoFrameTypeIDR,
};

use super::{VideoError, yuv::Yuv420};

/// Range of quantisation parameters of a rate control; OpenH264 goes no finer than 12.
const RATE_QP: (c_int, c_int) = (12, 51);
/// Frame rate that a fixed quantisation parameter is given: it changes nothing but time stamps.
const ANY_RATE_HZ: f32 = 25.0;

/// An open encoder.
pub(super) struct Encoder {
    api: APILoader,
    /// From `WelsCreateSVCEncoder`, not null, destroyed on drop alone.
    encoder: *mut ISVCEncoder,
    frame_rate_hz: f32,
    frames: u64,
}

// SAFETY: an encoder has no state outside itself once it is made with one thread, and is used by one owner at a time:
// every call takes `&mut self`.
unsafe impl Send for Encoder {}

/// A coded frame.
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    pub(super) intra: bool,
}

fn refused(call: &'static str) -> impl Fn(c_int) -> Result<(), VideoError> {
    move |code| if code == 0 { Ok(()) } else { Err(VideoError::Codec { reason: format!("{call} answered {code}") }) }
}

/// A function of the interface; each is there in every build of the library.
fn there<F>(function: Option<F>, name: &str) -> Result<F, VideoError> {
    function.ok_or_else(|| VideoError::Codec { reason: format!("the encoder has no {name}") })
}

impl Encoder {
    /// An encoder of pictures of one even size.
    pub(super) fn new(settings: &H264, width: usize, height: usize) -> Result<Self, VideoError> {
        let size = |n: usize| c_int::try_from(n).map_err(|_| VideoError::Size { width, height });
        let (width_px, height_px) = (size(width)?, size(height)?);
        let api = APILoader::new();
        let mut encoder: *mut ISVCEncoder = null_mut();
        // SAFETY: the out-pointer is valid for the call; what it then holds is checked before use.
        let code = unsafe { api.WelsCreateSVCEncoder(&raw mut encoder) };
        refused("WelsCreateSVCEncoder")(code)?;
        if encoder.is_null() {
            return Err(VideoError::Codec { reason: "WelsCreateSVCEncoder made nothing".to_owned() });
        }
        let frame_rate_hz = settings.frame_rate_hz.unwrap_or(ANY_RATE_HZ);
        let made = Self { api, encoder, frame_rate_hz, frames: 0 };

        let functions = made.functions();
        let mut quiet = WELS_LOG_QUIET;
        let mut params = SEncParamExt::default();
        // SAFETY: `encoder` is live; this option reads one int through its pointer, and may be set before the rest is.
        let code = unsafe {
            there(functions.SetOption, "SetOption")?(encoder, ENCODER_OPTION_TRACE_LEVEL, (&raw mut quiet).cast())
        };
        refused("SetOption")(code)?;
        // SAFETY: `encoder` is live and `params` is a parameter set of the library's own layout to write to.
        let code = unsafe { there(functions.GetDefaultParams, "GetDefaultParams")?(encoder, &raw mut params) };
        refused("GetDefaultParams")(code)?;

        params.iPicWidth = width_px;
        params.iPicHeight = height_px;
        params.fMaxFrameRate = frame_rate_hz;
        params.iEntropyCodingModeFlag = 1;
        params.iComplexityMode = MEDIUM_COMPLEXITY;
        // One slice by one thread: several would make its bytes depend on how many cores there are.
        params.iMultipleThreadIdc = 1;
        // I frames come when they are asked for, and every frame is coded.
        params.uiIntraPeriod = 0;
        params.bEnableSceneChangeDetect = false;
        params.bEnableFrameSkip = false;
        // What the standard leaves to encoders, left out.
        params.bEnableDenoise = false;
        params.bEnableBackgroundDetection = false;
        params.bEnableAdaptiveQuant = false;
        params.bEnableLongTermReference = false;
        params.iNumRefFrame = 1;
        params.iTemporalLayerNum = 1;
        params.iSpatialLayerNum = 1;
        let layer = &mut params.sSpatialLayers[0];
        layer.iVideoWidth = width_px;
        layer.iVideoHeight = height_px;
        layer.fFrameRate = frame_rate_hz;
        layer.uiProfileIdc = PRO_MAIN;
        layer.sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
        layer.sSliceArgument.uiSliceNum = 1;
        match (settings.qp, settings.bit_rate_kbit_per_s) {
            (Some(qp), _) => {
                params.iRCMode = RC_OFF_MODE;
                layer.iDLayerQp = qp.into();
            }
            (None, Some(rate)) => {
                let bits_per_s = (f64::from(rate) * 1e3).round() as c_int;
                params.iRCMode = RC_BITRATE_MODE;
                params.iTargetBitrate = bits_per_s;
                layer.iSpatialBitrate = bits_per_s;
                (params.iMinQp, params.iMaxQp) = RATE_QP;
            }
            (None, None) => return Err(VideoError::Codec { reason: "neither bit rate nor QP is given".to_owned() }),
        }
        // SAFETY: `encoder` is live and not yet initialised; `params` outlives the call, which copies it.
        let code = unsafe { there(functions.InitializeExt, "InitializeExt")?(encoder, &raw const params) };
        if code != 0 {
            return Err(VideoError::Size { width, height });
        }
        Ok(made)
    }

    fn functions(&self) -> ISVCEncoderVtbl {
        // SAFETY: a live encoder begins with a pointer to its table of functions, which lives as long as the program.
        unsafe { **self.encoder }
    }

    /// Codes the stream's next frame, as an I frame where that is asked for.
    pub(super) fn encode(&mut self, picture: &Yuv420, intra: bool) -> Result<Packet, VideoError> {
        let functions = self.functions();
        if intra {
            // SAFETY: the encoder is live and initialised.
            let code = unsafe { there(functions.ForceIntraFrame, "ForceIntraFrame")?(self.encoder, true) };
            refused("ForceIntraFrame")(code)?;
        }
        let (width, height) = (picture.width as c_int, picture.height as c_int);
        let plane = |plane: &[u8]| plane.as_ptr().cast_mut();
        let source = SSourcePicture {
            iColorFormat: videoFormatI420,
            iPicWidth: width,
            iPicHeight: height,
            iStride: [width, width / 2, width / 2, 0],
            pData: [plane(&picture.y), plane(&picture.u), plane(&picture.v), null_mut()],
            uiTimeStamp: (self.frames as f64 * 1e3 / f64::from(self.frame_rate_hz)).round() as i64,
            ..SSourcePicture::default()
        };
        let mut info = SFrameBSInfo::default();
        // SAFETY: the encoder is live and initialised for pictures of this size; it reads `height` and half as many rows of
        // the strides given, which is what the planes of a `Yuv420` hold, and does not write to them.
        let code =
            unsafe { there(functions.EncodeFrame, "EncodeFrame")?(self.encoder, &raw const source, &raw mut info) };
        refused("EncodeFrame")(code)?;
        self.frames += 1;
        let mut bytes = Vec::new();
        for layer in info.sLayerInfo.iter().take(info.iLayerNum as usize) {
            // SAFETY: after a call that succeeded a layer holds `iNalCount` lengths, and its buffer as many bytes as they
            // sum up to; both belong to the encoder and stay until its next frame.
            let units = unsafe {
                let lengths = std::slice::from_raw_parts(layer.pNalLengthInByte, layer.iNalCount as usize);
                std::slice::from_raw_parts(layer.pBsBuf, lengths.iter().map(|length| *length as usize).sum())
            };
            bytes.extend_from_slice(units);
        }
        Ok(Packet { bytes, intra: [videoFrameTypeIDR, videoFrameTypeI].contains(&info.eFrameType) })
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let functions = self.functions();
        // SAFETY: the encoder is live, and nobody uses it afterwards.
        unsafe {
            if let Some(uninitialize) = functions.Uninitialize {
                uninitialize(self.encoder);
            }
            self.api.WelsDestroySVCEncoder(self.encoder);
        }
    }
}
