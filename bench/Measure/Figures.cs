namespace Bench.Measure;

/// <summary>What is said of a figure that was measured several times.</summary>
internal static class Figures
{
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
            throw new InvalidOperationException("no figure was measured");
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>Median, lowest and highest.</summary>
    public static (double Median, double Lowest, double Highest) Spread(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return (Median(all), all.Min(), all.Max());
    }
}
