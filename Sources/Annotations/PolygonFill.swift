import Images

/// Pixels that polygons enclose, as the tools that read such annotations fill them.
package enum PolygonFill {
    /// As COCO's tools do (pycocotools 2.0.11, `rleFrPoly`): the polygon is drawn five times as large, and a pixel belongs to it where the number
    /// of lines above its center is odd.
    ///
    /// - Parameter points: x and y of each corner, pixels from the picture's upper left corner.
    package static func coco(_ points: [(x: Double, y: Double)], width: Int, height: Int, _ body: (Int) -> Void) {
        let scale = 5.0
        let limit = 1e6
        let corners = points.map {
            (x: Int(scale * clamp($0.x, limit) + 0.5), y: Int(scale * clamp($0.y, limit) + 0.5))
        }
        guard corners.count > 2 else { return }
        var line: [(x: Int, y: Int)] = []
        for (index, from) in corners.enumerated() { append(from, corners[(index + 1) % corners.count], to: &line) }
        // Where the line passes the center of a column, all below changes sides.
        var turns: [[Int]] = Array(repeating: [], count: width)
        for (from, to) in zip(line, line.dropFirst()) where from.x != to.x {
            let x = (Double(to.x < from.x ? to.x : to.x - 1) + 0.5) / scale - 0.5
            guard x.rounded(.down) == x, x >= 0, x <= Double(width - 1) else { continue }
            let y = (Double(min(from.y, to.y)) + 0.5) / scale - 0.5
            turns[Int(x)].append(Int(min(max(y, 0), Double(height)).rounded(.up)))
        }
        for (column, rows) in turns.enumerated() {
            let rows = rows.sorted()
            for pair in stride(from: 0, to: rows.count, by: 2) {
                let end = pair + 1 < rows.count ? rows[pair + 1] : height
                for row in rows[pair]..<end { body(row * width + column) }
            }
        }
    }

    /// As OpenCV's `fillPoly` does, which YOLO's loaders use: what is enclosed by parity, and the border itself.
    ///
    /// - Parameter points: Pixels; what is not in the picture is left out.
    package static func withBorder(_ points: [Outline.Point], width: Int, height: Int, _ body: (Int) -> Void) {
        for (index, from) in points.enumerated() {
            var line: [(x: Int, y: Int)] = []
            let to = points[(index + 1) % points.count]
            append((from.x, from.y), (to.x, to.y), to: &line)
            for point in line where (0..<width).contains(point.x) && (0..<height).contains(point.y) {
                body(point.y * width + point.x)
            }
        }
        guard let top = points.map(\.y).min(), let bottom = points.map(\.y).max() else { return }
        for row in max(0, top)..<max(0, min(height, bottom + 1)) {
            let crossings = points.indices.compactMap { index -> Double? in
                let (from, to) = (points[index], points[(index + 1) % points.count])
                guard (from.y <= row) != (to.y <= row) else { return nil }
                return Double(from.x) + Double(row - from.y) * Double(to.x - from.x) / Double(to.y - from.y)
            }.sorted()
            for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                let (first, last) = (Int(crossings[pair].rounded(.up)), Int(crossings[pair + 1].rounded(.down)))
                for column in max(0, first)..<max(0, first, min(width, last + 1)) { body(row * width + column) }
            }
        }
    }

    /// The points of a straight line with both ends, a step at a time along its longer side, the same in both directions.
    private static func append(
        _ from: (x: Int, y: Int), _ to: (x: Int, y: Int), to line: inout [(x: Int, y: Int)]
    ) {
        let (dx, dy) = (abs(to.x - from.x), abs(to.y - from.y))
        let isFlat = dx >= dy
        let isReversed = isFlat ? from.x > to.x : from.y > to.y
        let (start, end) = isReversed ? (to, from) : (from, to)
        let slope = isFlat ? Double(end.y - start.y) / Double(dx) : Double(end.x - start.x) / Double(dy)
        for step in 0...max(dx, dy) {
            let along = isReversed ? max(dx, dy) - step : step
            let across = dx == 0 && dy == 0 ? 0 : slope * Double(along)
            line.append(
                isFlat
                    ? (start.x + along, Int(Double(start.y) + across + 0.5))
                    : (Int(Double(start.x) + across + 0.5), start.y + along))
        }
    }

    private static func clamp(_ value: Double, _ limit: Double) -> Double {
        value.isFinite ? min(max(value, -limit), limit) : 0
    }
}
