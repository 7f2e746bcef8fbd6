/// The outline of a ``Region`` as one closed polygon, whose holes are joined to what surrounds them by seams without width.
///
/// Rings are followed along the sides of pixels. Each hole is joined, from its leftmost side, straight to the left, through pixels of the region,
/// to the next ring: so seams never leave the region, and both ways of a seam cancel where a polygon is filled by parity.
package struct Outline {
    /// Which points of the sides that are followed make the polygon.
    package enum Corners: Sendable {
        /// The pixels' corners: what encloses exactly the pixels' squares, as COCO's tools fill polygons.
        case ofPixels
        /// The centers of the pixels at the border: what encloses exactly the pixels where the border itself is painted too, as OpenCV's
        /// `fillPoly` and YOLO's loaders do.
        case centers
    }

    package struct Point: Equatable, Sendable {
        package var x: Int, y: Int
    }

    /// A side of a pixel of the region beyond which is none, walked with the region to the right.
    private struct Side: Hashable {
        /// The pixel.
        let column: Int, row: Int
        let direction: Direction

        /// The corner where the walk along it begins.
        var start: Point {
            switch direction {
            case .right: Point(x: column, y: row)
            case .down: Point(x: column + 1, y: row)
            case .left: Point(x: column + 1, y: row + 1)
            case .up: Point(x: column, y: row + 1)
            }
        }
    }

    /// The way along a side: `right` along the top of a pixel, `down` along its right side, and so on.
    private enum Direction: Int, CaseIterable {
        case right, down, left, up

        /// One step in this direction.
        var step: (x: Int, y: Int) { [(1, 0), (0, 1), (-1, 0), (0, -1)][rawValue] }
        /// The step out of the region.
        var outward: (x: Int, y: Int) { [(0, -1), (1, 0), (0, 1), (-1, 0)][rawValue] }
        var next: Direction { Self.allCases[(rawValue + 1) % 4] }
        var previous: Direction { Self.allCases[(rawValue + 3) % 4] }
    }

    private let region: Region
    private var rings: [[Side]] = []
    /// Ring and place of each side.
    private var places: [Side: (ring: Int, index: Int)] = [:]
    /// Of each ring, the rings that are joined to it, by the place of the side where they are.
    private var joined: [[Int: [Int]]] = []
    /// Of each hole, the place of its own side at which it is joined; of the outer ring 0.
    private var anchors: [Int] = []

    package init(of region: Region) {
        self.region = region
        followRings()
        joinHoles()
    }

    /// The polygon's points in the whole mask.
    package func points(_ corners: Corners) -> [Point] {
        Self.simplified(walk(corners).map { Point(x: $0.x + region.x, y: $0.y + region.y) })
    }

    // MARK: - Rings

    private func isBorder(_ side: Side) -> Bool {
        let out = side.direction.outward
        return region.holds(side.column, side.row) && !region.holds(side.column + out.x, side.row + out.y)
    }

    /// The outer ring first, then the holes, from top to bottom.
    private mutating func followRings() {
        for row in 0..<region.height {
            for column in 0..<region.width where region.pixels[row * region.width + column] {
                for direction in Direction.allCases {
                    let side = Side(column: column, row: row, direction: direction)
                    if places[side] == nil, isBorder(side) { follow(from: side) }
                }
            }
        }
    }

    private mutating func follow(from first: Side) {
        var (ring, side) = ([Side](), first)
        repeat {
            places[side] = (rings.count, ring.count)
            ring.append(side)
            side = next(after: side)
        } while side != first
        rings.append(ring)
    }

    /// The side that the walk comes to: pixels that touch at a corner belong together, so it turns to the left where it can.
    private func next(after side: Side) -> Side {
        let (step, out) = (side.direction.step, side.direction.outward)
        let ahead = (column: side.column + step.x, row: side.row + step.y)
        if region.holds(ahead.column + out.x, ahead.row + out.y) {
            return Side(column: ahead.column + out.x, row: ahead.row + out.y, direction: side.direction.previous)
        }
        if region.holds(ahead.column, ahead.row) {
            return Side(column: ahead.column, row: ahead.row, direction: side.direction)
        }
        return Side(column: side.column, row: side.row, direction: side.direction.next)
    }

    // MARK: - Holes

    private mutating func joinHoles() {
        joined = rings.map { _ in [:] }
        anchors = rings.map { _ in 0 }
        for (ring, sides) in rings.enumerated().dropFirst() {
            // The leftmost of the sides that have the hole to the right.
            let right = sides.enumerated().filter { $0.element.direction == .down }
            guard let anchor = right.min(by: { $0.element.column < $1.element.column }) else {
                preconditionFailure("a hole has a left side")
            }
            var column = anchor.element.column
            while region.holds(column - 1, anchor.element.row) { column -= 1 }
            guard let place = places[Side(column: column, row: anchor.element.row, direction: .up)] else {
                preconditionFailure("beyond the last pixel is a border")
            }
            joined[place.ring][place.index, default: []].append(ring)
            anchors[ring] = anchor.offset
        }
    }

    /// The outer ring's points with those of the holes where they are joined. A chain of holes can be as long as the region is wide, so
    /// this keeps its place in each ring itself.
    private func walk(_ corners: Corners) -> [Point] {
        var points: [Point] = []
        var open = [Visit(ring: 0, first: 0, sides: rings[0].count)]
        while var visit = open.popLast() {
            if let hole = visit.holes.popLast() {
                open.append(visit)
                // A seam ends at the lower corner of its row of pixels, or at their centers.
                let first = corners == .centers ? anchors[hole] : (anchors[hole] + 1) % rings[hole].count
                open.append(Visit(ring: hole, first: first, sides: rings[hole].count))
            } else if visit.offset < visit.sides {
                let index = (visit.first + visit.offset) % visit.sides
                points.append(point(rings[visit.ring][index], corners))
                visit.offset += 1
                visit.holes = joined[visit.ring][index] ?? []
                open.append(visit)
            } else if let parent = open.last {
                points.append(point(rings[visit.ring][visit.first], corners))
                let index = (parent.first + parent.offset - 1) % parent.sides
                points.append(point(rings[parent.ring][index], corners))
            }
        }
        return points
    }

    /// Where the walk is in a ring.
    private struct Visit {
        let ring: Int, first: Int, sides: Int
        /// Sides that have been passed.
        var offset = 0
        /// Holes that are joined at the last one and still to come.
        var holes: [Int] = []
    }

    private func point(_ side: Side, _ corners: Corners) -> Point {
        corners == .centers ? Point(x: side.column, y: side.row) : side.start
    }

    /// Without points that repeat, and without those in the middle of straight lines.
    private static func simplified(_ points: [Point]) -> [Point] {
        var kept: [Point] = []
        func isStraight(_ a: Point, _ b: Point, _ c: Point) -> Bool {
            let (first, second) = ((x: b.x - a.x, y: b.y - a.y), (x: c.x - b.x, y: c.y - b.y))
            return first.x * second.y == first.y * second.x && first.x * second.x + first.y * second.y > 0
        }
        for point in points where point != kept.last {
            if kept.count > 1, isStraight(kept[kept.count - 2], kept[kept.count - 1], point) { kept.removeLast() }
            kept.append(point)
        }
        while kept.count > 1, kept.first == kept.last { kept.removeLast() }
        return kept
    }
}
