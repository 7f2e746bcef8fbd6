/// Fewer points for a polygon, by Douglas and Peucker (1973), as OpenCV's `approxPolyDP` has it for closed curves.
enum PolygonSimplification {
    /// The points that are left where none that is dropped was farther than `tolerance` from what remains; at least 3 of 3 or more.
    static func simplified(_ points: [[Double]], tolerance: Double) -> [[Double]] {
        guard points.count > 4, tolerance > 0 else { return points }
        func squaredDistance(_ a: Int, _ b: Int) -> Double {
            let (dx, dy) = (points[a][0] - points[b][0], points[a][1] - points[b][1])
            return dx * dx + dy * dy
        }
        // A closed curve is cut at the first point and the one farthest from it.
        let far = points.indices.max { squaredDistance(0, $0) < squaredDistance(0, $1) } ?? 0
        var isKept = [Bool](repeating: false, count: points.count)
        (isKept[0], isKept[far]) = (true, true)
        // Indices beyond the end are the first ones again.
        var pieces = [(0, far), (far, points.count)]
        while let (start, end) = pieces.popLast() {
            let (a, b) = (points[start], points[end % points.count])
            let (dx, dy) = (b[0] - a[0], b[1] - a[1])
            let length = (dx * dx + dy * dy).squareRoot()
            var (farthest, distance) = (0, tolerance)
            for index in start + 1..<max(end, start + 1) {
                let (x, y) = (points[index][0] - a[0], points[index][1] - a[1])
                let own = length > 0 ? abs(dx * y - dy * x) / length : (x * x + y * y).squareRoot()
                if own > distance { (farthest, distance) = (index, own) }
            }
            guard distance > tolerance else { continue }
            isKept[farthest] = true
            pieces += [(start, farthest), (farthest, end)]
        }
        let kept = zip(points, isKept).filter(\.1).map(\.0)
        return kept.count >= 3 ? kept : points
    }

    /// Its length around.
    static func perimeter(_ points: [[Double]]) -> Double {
        zip(points, points.dropFirst() + points.prefix(1)).reduce(0) { sum, pair in
            let (dx, dy) = (pair.1[0] - pair.0[0], pair.1[1] - pair.0[1])
            return sum + (dx * dx + dy * dy).squareRoot()
        }
    }
}
