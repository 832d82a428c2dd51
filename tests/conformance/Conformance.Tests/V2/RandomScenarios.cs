using Conformance.Harness;

namespace Conformance.V2;

/// <summary>
/// Seeded random sequences of v2 requests over few paths, so that files, directories and hidden keys get into each other's way. Every answer is compared, what is left
/// after it, the counts of <c>/v2/stats/store</c>, and what streams saw that began at random places. A seed that once failed stays in the list.
/// </summary>
internal static class RandomScenarios
{
    private const int Steps = 60;

    private static readonly int[] s_seeds = [.. Settings.Seeds(1, 25)];

    private static readonly string[] s_paths =
        ["/r/a", "/r/a/x", "/r/a/y", "/r/a/_i", "/r/a/x/z", "/r/b", "/r/b/x", "/r/c", "/r/_h", "/r/_h/x"];

    // Written once and known to be a directory, so that a watch of everything never loses what it watches.
    private const string Top = "/r";

    public static IEnumerable<Scenario<V2Session>> All() =>
        s_seeds.Select(seed => new Scenario<V2Session>($"v2-random/seed-{seed:d2}", s => Run(s, seed)));

    private static async Task Run(V2Session s, int seed)
    {
        var random = new Random(seed);
        await s.Put($"{Top}/keep", "value=x");
        List<(string Path, V2Watch Watch)> watches = [];
        try
        {
            await s.Counted("what it came to", async () =>
            {
                for (var step = 0; step < Steps; step++)
                {
                    await AnyStep(s, random, watches);
                    await s.Get($"{Top}?recursive=true&sorted=true");
                    await s.Get($"{Top}/_h?recursive=true&sorted=true");
                }
            });
            // No watch may wait for an index that never comes.
            await s.Put($"{Top}/keep", "value=y");
            await s.Put($"{Top}/keep", "value=z");
            foreach (var (path, watch) in watches)
                await ReadToTheEnd(s, path, watch);
        }
        finally
        {
            foreach (var (_, watch) in watches)
                watch.Dispose();
        }
    }

    private static async Task AnyStep(V2Session s, Random random, List<(string Path, V2Watch Watch)> watches)
    {
        switch (random.Next(20))
        {
            case < 10:
                var (query, form) = Split(random, AnyWrite(s, random));
                await s.Put(AnyPath(random) + query, form);
                break;
            case < 13:
                await s.Delete(AnyPath(random) + Query(AnyRemoval(s, random)));
                break;
            case < 15:
                (query, form) = Split(random, AnyWrite(s, random));
                await s.Post(AnyPath(random) + query, form);
                break;
            case < 19:
                await s.Get(AnyPath(random) + Query(AnyRead(random)));
                break;
            default:
                var path = random.Next(2) == 0 ? Top : AnyPath(random);
                watches.Add((path, await s.Watch(path + Query(AnyWatch(s, random, path)))));
                break;
        }
    }

    // Whatever is in the way of the watched path goes, so that the write of the end, which every watch of the path sees, succeeds.
    private static async Task ReadToTheEnd(V2Session s, string path, V2Watch watch)
    {
        if (path == Top)
        {
            await s.Put($"{Top}/end", "value=the end");
        }
        else
        {
            var below = path.IndexOf('/', Top.Length + 1);
            await s.Delete((below < 0 ? path : path[..below]) + "?recursive=true");
            await s.Put(path, "value=the end");
        }
        for (var line = await watch.Read(); line is not null && !line.Contains("\"value\":\"the end\"", StringComparison.Ordinal);)
            line = await watch.Read();
    }

    private static string AnyPath(Random random) => s_paths[random.Next(s_paths.Length)];

    private static IEnumerable<string> AnyWrite(V2Session s, Random random)
    {
        if (random.Next(10) < 7)
            yield return $"value={AnyValue(random)}";
        if (random.Next(6) == 0)
            yield return $"dir={AnyTruth(random)}";
        if (random.Next(5) == 0)
            yield return $"prevExist={AnyTruth(random)}";
        if (random.Next(6) == 0)
            yield return $"prevValue={AnyValue(random)}";
        if (random.Next(8) == 0)
            yield return $"prevIndex={AnyIndex(s, random)}";
        if (random.Next(6) == 0)
            yield return $"ttl={random.Next(8) switch { 0 => "", 1 => "-1", 2 => "soon", 3 => "500", _ => "200" }}";
        if (random.Next(12) == 0)
            yield return $"refresh={AnyTruth(random)}";
        if (random.Next(12) == 0)
            yield return $"noValueOnSuccess={AnyTruth(random)}";
        if (random.Next(20) == 0)
            yield return $"recursive={AnyTruth(random)}";
    }

    private static IEnumerable<string> AnyRemoval(V2Session s, Random random)
    {
        if (random.Next(2) == 0)
            yield return $"recursive={AnyTruth(random)}";
        if (random.Next(3) == 0)
            yield return $"dir={AnyTruth(random)}";
        if (random.Next(6) == 0)
            yield return $"prevValue={AnyValue(random)}";
        if (random.Next(8) == 0)
            yield return $"prevIndex={AnyIndex(s, random)}";
        if (random.Next(12) == 0)
            yield return $"prevExist={AnyTruth(random)}";
        if (random.Next(12) == 0)
            yield return $"noValueOnSuccess={AnyTruth(random)}";
    }

    private static IEnumerable<string> AnyRead(Random random)
    {
        if (random.Next(2) == 0)
            yield return $"recursive={AnyTruth(random)}";
        if (random.Next(2) == 0)
            yield return "sorted=true";
        if (random.Next(4) == 0)
            yield return $"quorum={AnyTruth(random)}";
        if (random.Next(10) == 0)
            yield return $"dir={AnyTruth(random)}";
        if (random.Next(12) == 0)
            yield return $"ttl={random.Next(3)}00";
        if (random.Next(20) == 0)
            yield return $"stream={AnyTruth(random)}";
    }

    private static IEnumerable<string> AnyWatch(V2Session s, Random random, string path)
    {
        yield return "wait=true";
        // A stream from an index in the past ends, to all appearances, with the first event: it is not told of others and not ended either.
        if (random.Next(2) == 0)
            yield return "stream=true";
        else if (random.Next(3) != 0)
            yield return $"waitIndex={s.Idx(random.NextInt64(1, s.Newest + 3))}";
        // Without it the end, which is written below, would not be seen at the top.
        if (path == Top || random.Next(3) != 0)
            yield return "recursive=true";
    }

    private static string AnyValue(Random random) => random.Next(8) == 0 ? "" : $"v{random.Next(3)}";

    // Mostly what Go reads as a truth value.
    private static string AnyTruth(Random random) => random.Next(12) switch { 0 => "", 1 => "maybe", 2 => "T", 3 => "0", < 7 => "false", _ => "true" };

    private static string AnyIndex(V2Session s, Random random) =>
        random.Next(10) switch { 0 => "0", 1 => "-1", 2 => "first", _ => s.Idx(random.NextInt64(1, s.Newest + 3)).ToString() };

    private static string Query(IEnumerable<string> fields) => string.Join('&', fields) is { Length: > 0 } query ? "?" + query : "";

    /// <summary>Fields stand in the query or in the form.</summary>
    private static (string Query, string Form) Split(Random random, IEnumerable<string> fields)
    {
        var places = fields.ToLookup(_ => random.Next(3) == 0);
        return (Query(places[true]), string.Join('&', places[false]));
    }
}
