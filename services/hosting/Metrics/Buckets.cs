namespace Hosting.Metrics;

/// <summary>Bounds of histograms.</summary>
public static class Buckets
{
    /// <summary>Those that Prometheus client libraries take unless told otherwise, meant for seconds of a request.</summary>
    public static readonly IReadOnlyList<double> Default = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    /// <summary>Each twice the one before, the product computed step by step as etcd's library does: the last digits show.</summary>
    public static IReadOnlyList<double> Doubling(double first, int count)
    {
        var bounds = new double[count];
        for (var i = 0; i < count; i++, first *= 2)
            bounds[i] = first;
        return bounds;
    }
}
