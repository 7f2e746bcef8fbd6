/// Where the float32 state of what is trained is, and what computes with it: the answers of sharding and offload.
///
/// `Docs/distributed.md` has the formulas as a table.
struct TrainingStateBytes {
    private(set) var device: [(String, Int)] = []
    private(set) var host: [(String, Int)] = []
    private(set) var disk = 0

    init(_ settings: TrainingSettings, _ shape: TrainingShape, layout: TrainingLayout, isOnHost: Bool) {
        let sharding = layout.processes > 1 ? settings.compute.sharding : .none
        let offload = settings.compute.offload
        let isResident = offload == .none
        let size = settings.model.dataType == .fp32 ? 4 : 2
        let (all, share, part) = (shape.trained, layout.share(of: shape.trained), shape.largestPart)
        let sharesState = sharding != .none
        let sharesGradients = sharding == .gradients || sharding == .full
        let isTransient = offload == .all || sharding == .full
        // Masters that are float32 and at hand are the memory that is computed with, a share of them a piece of it.
        let computesInMasters = size == 4 && isResident && (!isTransient || !sharesState)

        let slots = [
            ("trained weights, float32", 4 * (sharesState && !computesInMasters ? share : all)),
            ("gradients, float32", 4 * (sharesGradients ? share : all)),
            ("AdamW's moments, float32", 8 * (sharesState ? share : all)),
            ("average, float32", settings.training.emaDecay == nil ? 0 : 4 * (sharesState ? share : all)),
        ]
        switch (isResident, settings.compute.offloadTo == "host") {
        case (true, _): device += slots
        case (false, true): host += slots
        case (false, false):
            disk = slots.map(\.1).reduce(0, +)
            let slotBytes = 4 * (sharesState ? layout.share(of: part) : part)
            host.append(("parts on the way to files and back", max(512 << 20, 10 * slotBytes)))
        }
        if !computesInMasters {
            // The part at work and the next one.
            device.append(("copy to compute with", size * (isTransient ? min(all, 2 * part) : all)))
        }
        // Float32 gradients that each process keeps whole arrive where they stay.
        if size == 2 || !isResident || sharesGradients {
            let arriving = settings.compute.gradientCheckpointing ? part : all
            device.append(("gradients of a pass", size * arriving))
        }
        // The sum of one part is under way while the next one computes.
        if sharesGradients { device.append(("parts whose gradients are summed", size == 4 ? 4 * part : 8 * part)) }
        // Gloo gathers into memory of its own; how many parts at once was found by measuring (Scripts/try-sharding --memory).
        if sharesState, isOnHost { device.append(("parts that Gloo gathers", (isTransient ? 1 : 2) * size * part)) }
        if !isResident, !isOnHost { host.append(("parts on the way to the device and back", 8 * part)) }
    }
}
