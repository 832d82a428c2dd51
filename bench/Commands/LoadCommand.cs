using System.Globalization;
using Bench.Measure;
using Bench.Reference;
using Bench.Workloads;

namespace Bench.Commands;

/// <summary><c>bench load</c>: one load against a running endpoint.</summary>
internal static class LoadCommand
{
    public static int Run(Arguments arguments)
    {
        var target = ReadTarget(arguments);
        var options = Read(arguments);
        var client = arguments.Text("client") ?? "raw";
        arguments.RequireAllKnown();
        var result = client switch
        {
            "raw" => LoadRunner.Run(target, options),
            "grpc-net" => GrpcNetLoad.RunAsync(target, options).GetAwaiter().GetResult(),
            _ => throw new BenchException($"--client {client}: raw or grpc-net"),
        };
        Console.WriteLine(Describe(result));
        if (result.Errors == 0)
            return 0;
        Console.Error.WriteLine($"failed with {result.Errors} errors: {result.ErrorText}");
        return 1;
    }

    private static Target ReadTarget(Arguments arguments) => new(
        [.. arguments.List("endpoint", "http://127.0.0.1:2379").Select(ToUri)],
        [.. arguments.List("pid", "").Select(ToProcessId)]);

    private static Uri ToUri(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == "http"
            ? uri
            : throw new BenchException($"--endpoint {text}: an http:// URL is needed");

    private static int ToProcessId(string text) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out var id) ? id : throw new BenchException($"--pid {text}: not a number");

    private static LoadOptions Read(Arguments arguments)
    {
        var workload = WorkloadNames.Parse(arguments.Text("workload") ?? "put");
        var defaults = new LoadOptions { Workload = workload };
        return defaults with
        {
            Clients = arguments.Int("clients", defaults.Clients),
            Connections = arguments.Int("connections", defaults.Connections),
            Seconds = arguments.Number("seconds", defaults.Seconds),
            WarmupSeconds = arguments.Number("warmup", defaults.WarmupSeconds),
            ValueBytes = arguments.Int("value-bytes", defaults.ValueBytes),
            KeySpace = arguments.Int("keys", defaults.KeySpace),
            PrefillKeys = arguments.Int("prefill", defaults.PrefillKeys),
            Watchers = arguments.Int("watchers", defaults.Watchers),
            Streams = arguments.Int("streams", defaults.Streams),
            SlowWatchers = arguments.Int("slow-watchers", defaults.SlowWatchers),
            PutsPerSecond = arguments.Number("rate", defaults.PutsPerSecond),
        };
    }

    public static string Describe(LoadResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{result.PerSecond:F0}/s  p50 {result.P50Ms:F2}  p99 {result.P99Ms:F2}  p99.9 {result.P999Ms:F2} ms  " +
        $"server {Each(result.ServerCpuPerOp, cpu => cpu, "F2")} µs/op  client {result.ClientCpuPerOp:F1} µs/op  " +
        $"peak {Each(result.ServerPeakBytes, bytes => bytes / 1e6, "F0")} MB  others {result.OtherCores:F2} cores  errors {result.Errors}");

    /// <summary>The sum, and what each member adds to it when there are several.</summary>
    private static string Each<T>(IReadOnlyList<T> ofMembers, Func<T, double> value, string format)
    {
        string[] each = [.. ofMembers.Select(v => value(v).ToString(format, CultureInfo.InvariantCulture))];
        return each.Length < 2 ? string.Concat(each) : $"{ofMembers.Sum(value).ToString(format, CultureInfo.InvariantCulture)} ({string.Join(" + ", each)})";
    }
}
