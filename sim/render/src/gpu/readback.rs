//! Copying a region of the targets into memory.
use std::sync::{Mutex, PoisonError};

use bevy::render::{
    render_resource::{Buffer, BufferDescriptor, BufferUsages, Extent3d, MapMode, PollType},
    renderer::RenderDevice,
};
use bytemuck::Pod;

use super::targets::Target;
use crate::request::Region;

/// Mappable buffers that are kept: fresh ones cost the kernel tens of megabytes of cleared pages per exposure.
#[derive(Default)]
pub(super) struct Readbacks(Mutex<Vec<(u64, Buffer)>>);

impl Readbacks {
    /// Buffers kept: four layers of three cameras.
    const KEPT: usize = 12;

    fn get(&self, device: &RenderDevice, size: u64) -> (u64, Buffer) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(i) = kept.iter().position(|(have, _)| *have >= size && *have <= size * 2) {
            return kept.remove(i);
        }
        let buffer = device.create_buffer(&BufferDescriptor {
            label: Some("readback"),
            size,
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        (size, buffer)
    }

    fn put(&self, size: u64, buffer: Buffer) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= Self::KEPT {
            kept.remove(0);
        }
        kept.push((size, buffer));
    }
}

/// A copy on its way: a mappable buffer whose rows are padded to 256 bytes.
pub(super) struct Transfer {
    buffer: Buffer,
    capacity: u64,
    used: u64,
    row_bytes: usize,
    padded_row_bytes: usize,
}

impl Transfer {
    /// Records the copy of `region` of `target`, whose texels take `texel_bytes`.
    pub(super) fn record(
        device: &RenderDevice,
        readbacks: &Readbacks,
        encoder: &mut wgpu::CommandEncoder,
        target: &Target,
        region: Region,
        texel_bytes: usize,
    ) -> Self {
        let row_bytes = region.width as usize * texel_bytes;
        let padded_row_bytes = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT as usize);
        let used = (padded_row_bytes * region.height as usize) as u64;
        let (capacity, buffer) = readbacks.get(device, used);
        encoder.copy_texture_to_buffer(
            wgpu::TexelCopyTextureInfo {
                texture: &target.texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x: region.x, y: region.y, z: 0 },
                aspect: wgpu::TextureAspect::All,
            },
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(padded_row_bytes as u32),
                    rows_per_image: None,
                },
            },
            Extent3d { width: region.width, height: region.height, depth_or_array_layers: 1 },
        );
        Self { buffer, capacity, used, row_bytes, padded_row_bytes }
    }

    /// Asks for the buffer to be mapped; [`wait`] makes it so.
    pub(super) fn map(&self) {
        // A failed mapping shows as a failed poll or as an error of `take`'s range.
        self.buffer.slice(..self.used).map_async(MapMode::Read, |_| {});
    }

    /// The texels, rows from the top without padding.
    pub(super) fn take<T: Pod>(self, readbacks: &Readbacks) -> Vec<T> {
        let view = self.buffer.slice(..self.used).get_mapped_range();
        let texels_per_row = self.row_bytes / size_of::<T>();
        let mut out = Vec::with_capacity(view.len() / self.padded_row_bytes * texels_per_row);
        for row in view.chunks_exact(self.padded_row_bytes) {
            out.extend_from_slice(bytemuck::cast_slice(&row[..self.row_bytes]));
        }
        drop(view);
        self.buffer.unmap();
        readbacks.put(self.capacity, self.buffer);
        out
    }
}

/// Blocks until everything submitted is done and mapped.
pub(super) fn wait(device: &RenderDevice) -> Result<(), String> {
    device.poll(PollType::Wait { submission_index: None, timeout: None }).map(drop).map_err(|e| e.to_string())
}
