import CTorch

/// Runs `body` and counts libtorch's operations on this thread by their names, such as `aten::copy_`; those within others count too.
///
/// Of what a device does they tell without the device: an operation that reads from it (`aten::_local_scalar_dense`) waits for all
/// that was queued, and one that makes a tensor lie otherwise (`aten::clone`) is a kernel that computes nothing.
package func countingOperations<R>(_ body: () throws -> R) throws -> (result: R, counts: [String: Int]) {
    try check(ct_begin_operation_counts(), "operation counts")
    let counts = Counts()
    let result = Result(catching: body)
    ct_end_operation_counts(
        { name, count, context in
            guard let name, let context else { return }
            Unmanaged<Counts>.fromOpaque(context).takeUnretainedValue().values[String(cString: name)] = Int(count)
        }, Unmanaged.passUnretained(counts).toOpaque())
    return (try result.get(), counts.values)
}

private final class Counts {
    var values: [String: Int] = [:]
}
