import Testing

@testable import TransparencySegmentation

@Suite struct InputSizeTests {
    @Test(arguments: [
        (InputSize.square(1024), 4000, 3000, 1024, 1024), (.exact(height: 768, width: 1024), 10, 10, 768, 1024),
        (.fit(1024), 4000, 3000, 768, 1024), (.fit(1024), 3000, 4000, 1024, 768), (.fit(512), 100, 100, 512, 512),
        (.fit(512), 1000, 333, 176, 512), (.fit(512), 10_000, 10, 16, 512),
    ])
    func dimensions(size: InputSize, width: Int, height: Int, modelHeight: Int, modelWidth: Int) throws {
        let (h, w) = try size.dimensions(width: width, height: height, unit: 16)
        #expect(h == modelHeight && w == modelWidth)
    }

    @Test(arguments: [InputSize.square(100), .exact(height: 64, width: 100), .fit(100)])
    func refusesOtherMultiples(size: InputSize) {
        let error = #expect(throws: SegmentationError.self) { try size.dimensions(width: 5, height: 5, unit: 16) }
        #expect(error?.description == "the size 100 is not a multiple of 16; use 96 or 112")
    }

    @Test(arguments: [0, -16, 3, 65_552, Int.max, Int.max - 15])
    func refusesSidesThatAreTooSmallOrTooLarge(side: Int) {
        #expect(throws: SegmentationError.self) {
            try InputSize.square(side).dimensions(width: 5, height: 5, unit: 16)
        }
    }
}
