/// A mask that others are mixed into, part by part, in the memory of one.
struct MaskBlend {
    let width: Int
    let height: Int
    private var values: [Float]
    /// Softness that speaks for stuff, less softness that speaks for things; nil of a model that does not tell them apart.
    private var lean: [Float]?
    /// How much of each pixel what is added next may take: 1 where the mask is unsure, 0 where it is sure.
    private var openness: [Float] = []

    init(_ mask: SoftMask) {
        (width, height, values) = (mask.width, mask.height, mask.values)
        lean = Self.lean(of: mask)
    }

    /// Softness with a sign: positive of stuff, negative of things.
    private static func lean(of mask: SoftMask) -> [Float]? {
        mask.kinds.map { zip(mask.values, $0).map { value, kind in kind == 2 ? value : -value } }
    }

    /// Makes room for parts: each pixel is kept as far as it is sure, or no part covers it.
    ///
    /// - Parameter coverage: Of a row, the sum of the weights that will be added to each of its pixels; nil for none.
    mutating func open(_ coverage: (_ row: Int) -> [Float]?) {
        openness = values.map { 1 - abs(2 * $0 - 1) }
        for row in 0..<height {
            guard let covered = coverage(row) else { continue }
            let factors = covered.indices.map { 1 - openness[row * width + $0] * covered[$0] }
            Self.multiply(&values, row * width, factors)
            if lean != nil { Self.multiply(&lean!, row * width, factors) }
        }
    }

    /// Adds a part's mask, each pixel multiplied by its row's and its column's weight and by how unsure the mask was when it was opened.
    mutating func add(_ mask: SoftMask, x: Int, y: Int, columns: [Float], rows: [Float]) {
        let place = (x: x, y: y, width: width)
        let open = openness
        Self.add(mask.values, mask.width, to: &values, at: place, columns, rows, open)
        if let own = Self.lean(of: mask), lean != nil {
            Self.add(own, mask.width, to: &lean!, at: place, columns, rows, open)
        }
    }

    /// Among the pixels of a rectangle, the share that is neither surely transparent nor surely not.
    func unsureShare(x: Int, y: Int, width wide: Int, height high: Int, within sure: ClosedRange<Float>) -> Double {
        var count = 0
        values.withUnsafeBufferPointer { values in
            for row in y..<y + high {
                for index in row * width + x..<row * width + x + wide where sure.contains(values[index]) { count += 1 }
            }
        }
        return Double(count) / Double(wide * high)
    }

    /// The mask as it is now. Sums of weights differ from 1 by rounding, so that values are brought back to 0…1.
    func mask() -> SoftMask {
        SoftMask(
            width: width, height: height, planes: values.map { min(1, max(0, $0)) },
            kinds: lean.map { $0.map { $0 > 0 ? 2 : 1 } })
    }

    private static func multiply(_ target: inout [Float], _ start: Int, _ factors: [Float]) {
        target.withUnsafeMutableBufferPointer { target in
            for column in factors.indices { target[start + column] *= factors[column] }
        }
    }

    private static func add(
        _ part: [Float], _ partWidth: Int, to target: inout [Float], at place: (x: Int, y: Int, width: Int),
        _ columns: [Float], _ rows: [Float], _ open: [Float]
    ) {
        target.withUnsafeMutableBufferPointer { target in
            part.withUnsafeBufferPointer { part in
                for (row, rowWeight) in rows.enumerated() {
                    let (from, to) = (row * partWidth, (place.y + row) * place.width + place.x)
                    for (column, weight) in columns.enumerated() {
                        target[to + column] += rowWeight * weight * open[to + column] * part[from + column]
                    }
                }
            }
        }
    }
}
