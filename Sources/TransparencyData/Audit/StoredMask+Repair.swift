import Images

extension StoredMask {
    /// What a plan can do about a mask that is not understood, for a person to look through.
    func repair(for doubt: MaskDoubt) -> RepairPlan.Action {
        switch doubt {
        case .foreignColors, .alpha(MaskDoubt.gradualAlpha): isNearlyPure ? .nearestColors : .exclude
        case .manyLabels: .labelsAsGlass
        case .ignoreLabel, .noBackground, .unclearScale, .paletteOfOneColor, .alpha: .exclude
        }
    }

    /// Whether a mask is black, red and white but for the seams between them, as smoothing and lossy compression leave them: at most a quarter of
    /// the pixels is further than a quarter of the range from each of these colors, and no square of 7 pixels consists of such.
    private var isNearlyPure: Bool {
        let isFar = (0..<pixelCount).map { pixel in
            let (red, green, blue) = color(pixel)
            let sample = [Int(red), Int(green), Int(blue)]
            return !Image.classColors.contains { target in
                zip(sample, target).allSatisfy { abs($0 - Int($1)) <= 64 }
            }
        }
        guard 4 * isFar.count(where: \.self) <= pixelCount else { return false }
        let side = 7
        // Of each column how many far pixels, one above the other, end here with a row of them to the left.
        var heights = [Int](repeating: 0, count: width)
        for y in 0..<height {
            var run = 0
            for x in 0..<width {
                run = isFar[y * width + x] ? run + 1 : 0
                heights[x] = run >= side ? heights[x] + 1 : 0
                if heights[x] >= side { return false }
            }
        }
        return true
    }
}
