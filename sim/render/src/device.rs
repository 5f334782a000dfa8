//! Choosing, asserting and recording the adapter.
use bevy::{
    render::{
        renderer::{RenderAdapter, RenderAdapterInfo, RenderDevice, RenderInstance, RenderQueue, WgpuWrapper},
        settings::RenderCreation,
    },
    tasks::block_on,
};
use std::sync::Arc;

use crate::renderer::RenderError;

/// What the frames were rendered on; goes into every report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterRecord {
    /// Device name, e.g. "llvmpipe (LLVM 15.0.6, 256 bits)".
    pub name: String,
    /// Driver name, e.g. "llvmpipe".
    pub driver: String,
    /// Driver version, e.g. "Mesa 22.3.6 (LLVM 15.0.6)".
    pub driver_info: String,
    /// "cpu", "discrete-gpu", "integrated-gpu", "virtual-gpu" or "other".
    pub class: &'static str,
}

impl From<&wgpu::AdapterInfo> for AdapterRecord {
    fn from(info: &wgpu::AdapterInfo) -> Self {
        let class = match info.device_type {
            wgpu::DeviceType::Cpu => "cpu",
            wgpu::DeviceType::DiscreteGpu => "discrete-gpu",
            wgpu::DeviceType::IntegratedGpu => "integrated-gpu",
            wgpu::DeviceType::VirtualGpu => "virtual-gpu",
            wgpu::DeviceType::Other => "other",
        };
        Self { name: info.name.clone(), driver: info.driver.clone(), driver_info: info.driver_info.clone(), class }
    }
}

fn instance() -> wgpu::Instance {
    // Vulkan only: lavapipe's OpenGL sibling is known to crash, and one interface is enough to trust.
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::VULKAN;
    descriptor.flags = wgpu::InstanceFlags::empty();
    wgpu::Instance::new(descriptor)
}

/// Every Vulkan adapter of this machine.
pub fn list_adapters() -> Vec<AdapterRecord> {
    block_on(instance().enumerate_adapters(wgpu::Backends::VULKAN)).iter().map(|a| (&a.get_info()).into()).collect()
}

/// Opens the adapter whose name or driver contains `wanted`, or else the best one: a discrete GPU before an integrated
/// one before a CPU. An adapter that is asked for and missing is an error, never silently another one.
pub(crate) fn open(wanted: Option<&str>) -> Result<(RenderCreation, AdapterRecord), RenderError> {
    let instance = instance();
    let mut adapters = block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    let found: Vec<String> = adapters.iter().map(|a| a.get_info().name).collect();
    if found.is_empty() {
        return Err(RenderError::NoDevice);
    }
    if let Some(wanted) = wanted {
        let needle = wanted.to_lowercase();
        adapters.retain(|a| {
            let info = a.get_info();
            info.name.to_lowercase().contains(&needle) || info.driver.to_lowercase().contains(&needle)
        });
    }
    adapters.sort_by_key(|a| match a.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Cpu => 3,
        wgpu::DeviceType::Other => 4,
    });
    let Some(adapter) = adapters.into_iter().next() else {
        return Err(RenderError::AdapterMissing {
            wanted: wanted.unwrap_or_default().to_owned(),
            found: found.join(", "),
        });
    };
    let info = adapter.get_info();
    let record = AdapterRecord::from(&info);
    // The same code path everywhere: the limits of the WebGPU standard and no optional features,
    // so that a picture does not depend on what a driver happens to offer.
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("laneproof"),
        required_features: wgpu::Features::empty(),
        required_limits: wgpu::Limits { max_texture_dimension_2d: 8192, ..wgpu::Limits::default() },
        ..Default::default()
    };
    let (device, queue) = block_on(adapter.request_device(&descriptor))
        .map_err(|e| RenderError::DeviceRefused { adapter: record.name.clone(), reason: e.to_string() })?;
    let creation = RenderCreation::manual(
        RenderDevice::from(device),
        RenderQueue(Arc::new(WgpuWrapper::new(queue))),
        RenderAdapterInfo(WgpuWrapper::new(info)),
        RenderAdapter(Arc::new(WgpuWrapper::new(adapter))),
        RenderInstance(Arc::new(WgpuWrapper::new(instance))),
    );
    Ok((creation, record))
}
