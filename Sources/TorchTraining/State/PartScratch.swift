package import Torch

/// Memory of parts whose turns come one after the other: where the gradients of a backward pass arrive before they are added to those of the
/// update, and weights that are not kept. Parts share it, for an allocator keeps what is freed between other tensors and takes more.
package final class PartScratch {
    /// What has been made, by elements. Those of them that nobody has are free.
    package private(set) var sizes: [Int] = []
    private var free: [Tensor] = []
    private let least: Int
    private let dtype: DType
    private let device: Device

    /// - Parameter least: The elements of the largest part that will take one, where they share; else 0, and each has its own size.
    package init(least: Int, dtype: DType, device: Device) {
        (self.least, self.dtype, self.device) = (least, dtype, device)
    }

    /// Memory of at least so many elements, of any content.
    func take(_ count: Int) throws -> Tensor {
        let fitting = free.indices.filter { free[$0].size(0) >= count }.min { free[$0].size(0) < free[$1].size(0) }
        if let fitting { return free.remove(at: fitting) }
        let size = max(count, least)
        let memory = try Tensor.empty([size], dtype: dtype, device: device)
        sizes.append(size)
        return memory
    }

    func giveBack(_ memory: Tensor) { free.append(memory) }
}
