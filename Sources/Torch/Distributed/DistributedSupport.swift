import CTorch

/// What this torch can join processes with.
package enum DistributedSupport {
    /// Why groups on CUDA devices cannot be joined; nil where they can.
    package static var ncclProblem: String? {
        let text = String(cString: ct_nccl_problem())
        return text.isEmpty ? nil : text
    }
}
