using Xunit.Abstractions;

namespace EndToEnd.Tests.Maintenance;

/// <summary>
/// Goal: space comes back while the store is in use: after a fill, deletes, a compaction and a defragmentation the file is short, and no write waited for any of it.
/// Method: writers whose every put is timed; the slowest during the work against the slowest without it, or of the bare disk meanwhile.
/// </summary>
public sealed class SpaceTests(ITestOutputHelper output)
{
    private const int Keys = 40_000, ValueBytes = 4_096, KeysPerDelete = 200, FillersAtOnce = 16, WarmupPuts = 4_000;
    private const double AllowedStallMs = 50;
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(8), s_patience = TimeSpan.FromSeconds(90);

    [DeploymentFact]
    public async Task FillDeleteCompactDefragment_UnderLoad_FileShrinksAndNoWriteStalls()
    {
        await using var deployment = new StandaloneDeployment();
        await deployment.StartAsync();
        using var client = new V3Client(deployment.Client);
        await FillAsync(client);
        var filled = await client.StatusAsync();

        await using var series = new LatencySeries(deployment.Client);
        // The first calls are slower, and say nothing.
        await Poll.UntilAsync("the writers to be warm", s_patience, () => Task.FromResult(series.Answered >= WarmupPuts));
        series.Begin("idle");
        await Task.Delay(s_quiet);
        series.Begin("delete");
        var revision = 0L;
        for (var key = 0; key < Keys; key += KeysPerDelete)
            revision = (await client.DeleteAsync(Key(key), Key(key + KeysPerDelete))).Header.Revision;
        series.Begin("compact");
        await client.CompactAsync(revision);
        series.Begin("defragment");
        await client.DefragmentAsync();
        var shrunk = filled;
        await Poll.UntilAsync("the file to shrink to a tenth", s_patience, async () => (shrunk = await client.StatusAsync()).DbSize < filled.DbSize / 10);
        series.Begin("after");
        await Task.Delay(s_quiet / 4);

        output.WriteLine($"file: {filled.DbSize / 1e6:F0} MB filled ({filled.DbSizeInUse / 1e6:F0} in use), {shrunk.DbSize / 1e6:F1} MB at the end ({shrunk.DbSizeInUse / 1e6:F1} in use)");
        output.WriteLine(series.Describe());
        // Of the work, and of whatever held the server up.
        string[] telling = ["removed", "moved", "held up", "slow"];
        foreach (var line in deployment.Log.Split('\n').Where(line => telling.Any(word => line.Contains(word, StringComparison.Ordinal))))
            output.WriteLine(line);
        foreach (var phase in (string[])["delete", "compact", "defragment"])
        {
            // What the machine itself does to writers is no stall of ours: the idle phase shows it, and the disk's canary.
            var machine = Math.Max(series.Slowest("idle"), series.SlowestOfDisk(phase));
            Assert.True(
                series.Slowest(phase) <= machine + AllowedStallMs,
                $"{phase}: a put took {series.Slowest(phase):F0} ms; without it, or for the disk alone, {machine:F0} ms at most\n{series.Describe()}");
        }
    }

    private static Task FillAsync(V3Client client) => Parallel.ForEachAsync(
        Enumerable.Range(0, Keys), new ParallelOptions { MaxDegreeOfParallelism = FillersAtOnce },
        async (key, cancellation) => await client.PutAsync(Key(key), new string((char)('a' + (key % 26)), ValueBytes), cancellation));

    private static string Key(int number) => $"fill/{number:D6}";
}
