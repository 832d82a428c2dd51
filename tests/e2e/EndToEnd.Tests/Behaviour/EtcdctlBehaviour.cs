using System.Text.RegularExpressions;

namespace EndToEnd.Tests.Behaviour;

/// <summary>
/// What unmodified etcdctl sees: one body of tests for every deployment. Each test owns a key prefix, so that they share one store.
/// </summary>
public abstract partial class EtcdctlBehaviour(DeploymentFixture fixture)
{
    protected Etcdctl Ctl { get; } = new(fixture.Deployment.Client);

    private static string Prefix() => $"e2e/{Guid.NewGuid():n}/";

    private static string Lines(params string[] lines) => string.Join('\n', lines);

    [DeploymentFact]
    public async Task PutGetDel_OneKey_RoundTrips()
    {
        var key = Prefix() + "key";
        Assert.Equal("OK", await Ctl.OutputAsync("put", key, "one"));
        Assert.Equal(Lines(key, "one"), await Ctl.OutputAsync("get", key));
        Assert.Equal(Lines("OK", key, "one"), await Ctl.OutputAsync("put", key, "two", "--prev-kv"));
        Assert.Equal("two", await Ctl.OutputAsync("get", key, "--print-value-only"));
        Assert.Equal(Lines("1", key, "two"), await Ctl.OutputAsync("del", key, "--prev-kv"));
        Assert.Equal("", await Ctl.OutputAsync("get", key));
        Assert.Equal("0", await Ctl.OutputAsync("del", key));
    }

    [DeploymentFact]
    public async Task Put_ValueFromStandardInput_KeepsEveryByte()
    {
        var key = Prefix() + "key";
        var result = await Ctl.RunAsync(["put", key], input: "first\nsecond");
        Assert.Equal((0, "OK"), (result.ExitCode, result.Out));
        Assert.Equal(Lines("first", "second"), await Ctl.OutputAsync("get", key, "--print-value-only"));
    }

    [DeploymentFact]
    public async Task Get_PrefixOrderLimitAndRevision_SelectAsAsked()
    {
        var prefix = Prefix();
        foreach (var name in (string[])["b", "a", "c"])
            await Ctl.OutputAsync("put", prefix + name, "v-" + name);
        Assert.Equal(Lines("v-a", "v-b", "v-c"), await Ctl.OutputAsync("get", prefix, "--prefix", "--print-value-only"));
        Assert.Equal(Lines("v-c", "v-b"), await Ctl.OutputAsync("get", prefix, "--prefix", "--order", "DESCEND", "--limit", "2", "--print-value-only"));
        Assert.Equal(Lines("v-b", "v-a", "v-c"), await Ctl.OutputAsync("get", prefix, "--prefix", "--sort-by", "CREATE", "--print-value-only"));
        Assert.Equal(Lines("v-a", "v-b"), await Ctl.OutputAsync("get", prefix + "a", prefix + "c", "--print-value-only"));
        Assert.Contains("\"Count\" : 3", await Ctl.OutputAsync("get", prefix, "--prefix", "--count-only", "-w", "fields"), StringComparison.Ordinal);

        var before = await RevisionAsync(prefix + "a");
        await Ctl.OutputAsync("put", prefix + "a", "changed");
        Assert.Equal("v-a", await Ctl.OutputAsync("get", prefix + "a", "--rev", before.ToString(), "--print-value-only"));
        Assert.Equal("changed", await Ctl.OutputAsync("get", prefix + "a", "--consistency", "s", "--print-value-only"));
    }

    [DeploymentFact]
    public async Task Get_AsJson_NumbersVersionsAsEtcd()
    {
        var key = Prefix() + "key";
        await Ctl.OutputAsync("put", key, "1");
        await Ctl.OutputAsync("put", key, "2");
        using var json = System.Text.Json.JsonDocument.Parse(await Ctl.OutputAsync("get", key, "-w", "json"));
        var kv = json.RootElement.GetProperty("kvs")[0];
        Assert.Equal(2, kv.GetProperty("version").GetInt64());
        Assert.Equal(kv.GetProperty("mod_revision").GetInt64(), kv.GetProperty("create_revision").GetInt64() + 1);
        Assert.Equal(kv.GetProperty("mod_revision").GetInt64(), json.RootElement.GetProperty("header").GetProperty("revision").GetInt64());
    }

    [DeploymentFact]
    public async Task Txn_CompareHoldsOrNot_RunsOneBranch()
    {
        var key = Prefix() + "key";
        await Ctl.OutputAsync("put", key, "expected");
        var script = $"value(\"{key}\") = \"expected\"\n\nput {key} swapped\nget {key}\n\nget {key}\n\n";

        var first = await Ctl.RunAsync(["txn"], script);
        Assert.Equal((0, Lines("SUCCESS", "", "OK", "", key, "swapped")), (first.ExitCode, first.Out));
        var second = await Ctl.RunAsync(["txn"], script);
        Assert.Equal((0, Lines("FAILURE", "", key, "swapped")), (second.ExitCode, second.Out));
    }

    [DeploymentFact]
    public async Task Compaction_OldRevision_IsNoLongerRead()
    {
        var key = Prefix() + "key";
        await Ctl.OutputAsync("put", key, "1");
        var old = await RevisionAsync(key);
        await Ctl.OutputAsync("put", key, "2");
        var current = await RevisionAsync(key);
        Assert.Equal($"compacted revision {current}", await Ctl.OutputAsync("compaction", current.ToString()));
        var read = await Ctl.RunAsync(["get", key, "--rev", old.ToString()]);
        Assert.Equal(1, read.ExitCode);
        Assert.Contains("etcdserver: mvcc: required revision has been compacted", read.Err, StringComparison.Ordinal);
        Assert.Equal("2", await Ctl.OutputAsync("get", key, "--print-value-only"));
    }

    [DeploymentFact]
    public async Task Endpoint_HealthStatusAndMembers_Answer()
    {
        var health = await Ctl.RunAsync(["endpoint", "health"]);
        Assert.Equal(0, health.ExitCode);
        Assert.Contains("is healthy: successfully committed proposal", health.Out + health.Err, StringComparison.Ordinal);
        var status = (await Ctl.OutputAsync("endpoint", "status")).Split(", ");
        Assert.StartsWith("3.5.", status[2], StringComparison.Ordinal);
        var members = (await Ctl.OutputAsync("member", "list")).Split('\n').Select(line => line.Split(", ")).ToList();
        Assert.Equal(fixture.Deployment.Members, members.Count);
        if (members.Count == 1)
            Assert.Equal("true", status[4]); // The only member leads.
        Assert.All(members, member => Assert.Equal("started", member[1]));
        Assert.All(members, member => Assert.Equal("false", member[5]));
        Assert.Single(members, member => member[0] == status[1]);
    }

    [DeploymentFact]
    public async Task Errors_BadRequests_AreEtcdsOwnAndHarmless()
    {
        var empty = await Ctl.RunAsync(["put", "", "x"]);
        Assert.Equal(1, empty.ExitCode);
        Assert.Contains("etcdserver: key is not provided", empty.Err, StringComparison.Ordinal);
        var future = await Ctl.RunAsync(["get", "x", "--rev", "1000000000"]);
        Assert.Contains("etcdserver: mvcc: required revision is a future revision", future.Err, StringComparison.Ordinal);
        var key = Prefix() + "key";
        var duplicate = await Ctl.RunAsync(["txn"], $"\nput {key} 1\nput {key} 2\n\n\n");
        Assert.Contains("etcdserver: duplicate key given in txn request", duplicate.Err, StringComparison.Ordinal);
        Assert.Equal("OK", await Ctl.OutputAsync("put", key, "still alive"));
    }

    [GeneratedRegex("\"ModRevision\" : ([0-9]+)")]
    private static partial Regex ModRevision();

    private async Task<long> RevisionAsync(string key) =>
        long.Parse(ModRevision().Match(await Ctl.OutputAsync("get", key, "-w", "fields")).Groups[1].Value);
}
