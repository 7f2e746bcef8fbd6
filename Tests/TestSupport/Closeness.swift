package import Testing
package import Torch

/// Tolerances of comparisons, as relative errors ‖a − b‖ / ‖b‖ unless said otherwise.
package enum Tolerance {
    /// The same arithmetic in float32, in another order.
    package static let rounding = 1e-5
    /// Folding moves factors from activations into weights.
    package static let folded = 1e-4
    /// bfloat16 has eight bits, through some dozens of layers.
    package static let bfloat16 = 3e-2
}

/// ‖a − b‖ / ‖b‖ over all elements.
package func relativeError(_ a: Tensor, _ b: Tensor) throws -> Double {
    let (a, b) = (try a.detached().to(.float64, device: .cpu), try b.detached().to(.float64, device: .cpu))
    let difference = try a - b
    let (upper, lower) = (try (difference * difference).sum().item(), try (b * b).sum().item())
    return (upper / lower).squareRoot()
}

/// Expects the same shape, finite values and a small relative error; tells the worst element otherwise.
package func expectClose(
    _ actual: Tensor, _ expected: Tensor, within tolerance: Double, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    guard actual.shape == expected.shape else {
        Issue.record("\(what) has shape \(actual.shape), expected \(expected.shape)", sourceLocation: sourceLocation)
        return
    }
    let values = try actual.detached().to(.float64, device: .cpu).array(of: Double.self)
    let wanted = try expected.detached().to(.float64, device: .cpu).array(of: Double.self)
    guard values.allSatisfy(\.isFinite) else {
        Issue.record("\(what) has values that are not finite", sourceLocation: sourceLocation)
        return
    }
    let error = try relativeError(actual, expected)
    guard error <= tolerance else {
        let worst = values.indices.max { abs(values[$0] - wanted[$0]) < abs(values[$1] - wanted[$1]) } ?? 0
        Issue.record(
            """
            \(what) has a relative error of \(error), allowed are \(tolerance); \
            worst is element \(worst): \(values[worst]) instead of \(wanted[worst])
            """, sourceLocation: sourceLocation)
        return
    }
}
