import Testing

@testable import TransparencyServer

@Suite struct PolygonSimplificationTests {
    @Test func pointsNearALineAreDroppedAndCornersStay() {
        var square: [[Double]] = (0..<10).map { [Double($0), $0 % 2 == 0 ? 0 : 0.2] }
        square += (0..<10).map { [10, Double($0)] }
        square += (1...10).reversed().map { [Double($0), 10] }
        square += (1...10).reversed().map { [0, Double($0)] }
        let simple = PolygonSimplification.simplified(square, tolerance: 0.5)
        #expect(simple == [[0, 0], [10, 0], [10, 10], [0, 10]])
        #expect(PolygonSimplification.simplified(square, tolerance: 0) == square)
        // A tolerance larger than the polygon leaves a polygon.
        #expect(PolygonSimplification.simplified(square, tolerance: 100).count >= 3)
    }

    @Test func thePerimeterIsClosed() {
        #expect(PolygonSimplification.perimeter([[0, 0], [4, 0], [4, 3]]) == 12)
        #expect(PolygonSimplification.perimeter([]) == 0)
    }
}
