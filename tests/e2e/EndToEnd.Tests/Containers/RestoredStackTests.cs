using System.Globalization;
using System.Text.Json;
using EndToEnd.Tests.Behaviour;
using EndToEnd.Tests.Snapshots;
using Xunit.Abstractions;

namespace EndToEnd.Tests.Containers;

/// <summary>
/// Goal: a backup of a running stack becomes another stack, as docs/running.md has it, with every revision; and that one bears what its like must bear. Method: etcdctl saves a snapshot of
/// the compose stack; containers, network and volumes of the test's own by Testcontainers; our restore in a container for each member and for storage; hashes of both key spaces. Then the
/// leader is killed, and the next one cut off from its network, under writes.
/// </summary>
[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine, Tool.Etcdctl)]
public sealed class RestoredStackTests(ComposeFixture fixture, ITestOutputHelper output) : IDisposable
{
    private const int Writers = 4, WritesOfEach = 10;
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly Deployment _source = fixture.Deployment;
    private readonly TempFolder _folder = new();
    private readonly string _run = $"restored/{Guid.NewGuid():n}/";

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public async Task SnapshotOfARunningStack_BecomesAStack_ThatLosesItsLeaderTwice()
    {
        var source = new Etcdctl(_source.Client);
        for (var n = 0; n < 20; n++)
            await source.OutputAsync("put", _run + "counter", $"{n}");
        await source.OutputAsync("put", _run + "gone", "");
        var deleted = long.Parse(Field(await source.OutputAsync("del", _run + "gone", "-w", "fields"), "Revision"), CultureInfo.InvariantCulture);
        var lease = (await source.OutputAsync("lease", "grant", "600")).Split(' ')[1];
        await source.OutputAsync("put", _run + "leased", "1", $"--lease={lease}");
        using (var v2 = new V2Client(_source.OldClient))
            await v2.PutAsync($"v2/keys/{_run}a", ("value", "1"));
        var backup = _folder.Sub("backup.db");
        await source.OutputAsync("snapshot", "save", backup);
        var saved = await RevisionOfAsync(backup);

        // The same images, with the shipped build.
        await new ComposeProject("compose.single.yaml", new Dictionary<string, string?>()).BuildAsync();
        await using var stack = await ContainerStack.CreateAsync();
        try
        {
            await stack.RestoreAsync(backup);
            await stack.StartAsync();
            var restored = new Etcdctl(stack.Client);
            Assert.Equal(await HashAsync(source, saved), await HashAsync(restored, saved));
            Assert.Equal("19", (await restored.OutputAsync("get", _run + "counter", "--print-value-only")).Trim());
            Assert.Equal("gone", (await restored.OutputAsync("get", _run + "gone", $"--rev={deleted - 1}", "--keys-only")).Trim()[^4..]);
            Assert.Empty((await restored.OutputAsync("get", _run + "gone", $"--rev={deleted}")).Trim());
            Assert.Contains(_run + "leased", await restored.OutputAsync("lease", "timetolive", lease, "--keys"), StringComparison.Ordinal);
            using (var v2 = new V2Client(stack.OldClient))
                Assert.Equal("1", (await v2.GetAsync($"v2/keys/{_run}a")).Node.GetProperty("value").GetString());
            Assert.Equal($"{saved + 1}", Field(await restored.OutputAsync("put", _run + "new", "", "-w", "fields"), "Revision"));

            await using var writers = new KeyWriters(stack.Client, Enumerable.Range(0, Writers).Select(n => $"{_run}own/{n}"));
            await MoreAsync(writers);
            var killed = await LeaderAsync(restored);
            await stack.KillAsync(killed);
            await MoreAsync(writers);
            await stack.StartAsync(killed);
            var cutOff = await LeaderAsync(restored);
            await stack.DisconnectAsync(cutOff);
            await MoreAsync(writers);
            await stack.ConnectAsync(cutOff);
            await MoreAsync(writers);
            // A majority without the third is the two that were away.
            await stack.KillAsync(stack.Members.First(member => member != killed && member != cutOff));
            await MoreAsync(writers);
            await writers.StopAsync();
            Assert.Empty(writers.Errors);
            Assert.Equal($"{writers.Revision}", Field(await restored.OutputAsync("get", _run + "counter", "-w", "fields"), "Revision"));
            output.WriteLine($"restored at revision {saved}, then {writers.Revision - saved - 1} writes while {killed} was killed and {cutOff} cut off");
        }
        catch (Exception)
        {
            output.WriteLine(await stack.LogAsync());
            throw;
        }
    }

    private static string Field(string fields, string name) =>
        fields.Split('\n').First(line => line.StartsWith($"\"{name}\" :", StringComparison.Ordinal)).Split(':')[1].Trim();

    private static async Task<long> RevisionOfAsync(string file)
    {
        var status = await Commands.SnapshotAsync("status", file, "-w", "json");
        using var json = JsonDocument.Parse(status.Out);
        return json.RootElement.GetProperty("revision").GetInt64();
    }

    /// <summary>Of everything up to a revision.</summary>
    private static async Task<uint> HashAsync(Etcdctl ctl, long revision)
    {
        using var json = JsonDocument.Parse(await ctl.OutputAsync("endpoint", "hashkv", $"--rev={revision}", "-w", "json"));
        return json.RootElement[0].GetProperty("HashKV").GetProperty("hash").GetUInt32();
    }

    private static Task<string> LeaderAsync(Etcdctl ctl) => Poll.UntilAsync("a leader", s_deadline, async () =>
    {
        using var status = JsonDocument.Parse(await ctl.OutputAsync("endpoint", "status", "-w", "json"));
        var leader = status.RootElement[0].GetProperty("Status").TryGetProperty("leader", out var known) ? known.GetUInt64() : 0;
        using var members = JsonDocument.Parse(await ctl.OutputAsync("member", "list", "-w", "json"));
        return members.RootElement.GetProperty("members").EnumerateArray().Where(member => member.GetProperty("ID").GetUInt64() == leader)
            .Select(static member => member.GetProperty("name").GetString()).SingleOrDefault();
    });

    private static Task MoreAsync(KeyWriters writers)
    {
        var target = writers.Revision + (Writers * WritesOfEach);
        return Poll.UntilAsync("more writes", s_deadline, () => Task.FromResult(writers.Revision >= target));
    }
}
