using System.Net;
using System.Text.Json;

namespace EndToEnd.Tests.Behaviour;

/// <summary>What curl sees of the v2 API on both client ports: one body of tests for every deployment.</summary>
public abstract class V2Behaviour(DeploymentFixture fixture) : IDisposable
{
    private readonly V2Client _v2 = new(fixture.Deployment.Client);
    private readonly V2Client _oldPort = new(fixture.Deployment.OldClient);

    private static string Key() => $"v2/keys/e2e-{Guid.NewGuid():n}";

    [DeploymentFact]
    public async Task PutGetDelete_OnEitherPort_IsOneStore()
    {
        var key = Key();
        var created = await _v2.PutAsync(key, ("value", "one"));
        Assert.Equal((HttpStatusCode.Created, "set"), (created.Status, created.Action));
        var changed = await _oldPort.PutAsync(key, ("value", "two"));
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.Equal("one", changed.Body.GetProperty("prevNode").GetProperty("value").GetString());
        Assert.Equal("two", (await _v2.GetAsync(key)).Node.GetProperty("value").GetString());
        var deleted = await _v2.DeleteAsync(key);
        Assert.Equal("delete", deleted.Action);
        Assert.True(deleted.Index > created.Index);
        var missing = await _oldPort.GetAsync(key);
        Assert.Equal((HttpStatusCode.NotFound, 100), (missing.Status, missing.ErrorCode));
    }

    [DeploymentFact]
    public async Task Users_SwitchedOn_AreAskedFor()
    {
        var key = Key();
        await _v2.JsonAsync(HttpMethod.Put, "v2/auth/users/root", """{"user":"root","password":"secret"}""");
        Assert.Equal(HttpStatusCode.OK, (await _v2.JsonAsync(HttpMethod.Put, "v2/auth/enable", "")).Status);
        try
        {
            await _v2.JsonAsync(HttpMethod.Delete, "v2/auth/roles/guest", "", "root:secret");
            var refused = await _v2.PutAsync(key, ("value", "one"));
            Assert.Equal((HttpStatusCode.Unauthorized, 110), (refused.Status, refused.ErrorCode));
            Assert.Equal((HttpStatusCode.Unauthorized, "{\"message\":\"Insufficient credentials\"}"), await _v2.JsonAsync(HttpMethod.Get, "v2/auth/users", "", "root:wrong"));
            Assert.Contains("\"user\":\"root\"", (await _oldPort.JsonAsync(HttpMethod.Get, "v2/auth/users", "", "root:secret")).Body, StringComparison.Ordinal);
        }
        finally
        {
            Assert.Equal(HttpStatusCode.OK, (await _v2.JsonAsync(HttpMethod.Delete, "v2/auth/enable", "", "root:secret")).Status);
        }
        Assert.Equal(HttpStatusCode.Created, (await _v2.PutAsync(key, ("value", "one"))).Status);
    }

    [DeploymentFact]
    public async Task Stats_NameALeaderAndCountWrites()
    {
        using var self = JsonDocument.Parse((await _v2.TextAsync("v2/stats/self")).Body);
        Assert.NotEmpty(self.RootElement.GetProperty("leaderInfo").GetProperty("leader").GetString()!);
        var before = await SetsAsync();
        await _v2.PutAsync(Key(), ("value", "one"));
        Assert.True(await SetsAsync() > before);
    }

    private async Task<long> SetsAsync()
    {
        using var store = JsonDocument.Parse((await _v2.TextAsync("v2/stats/store")).Body);
        return store.RootElement.GetProperty("setsSuccess").GetInt64();
    }

    [DeploymentFact]
    public async Task Put_WithTtl_Expires()
    {
        var key = Key();
        var put = await _v2.PutAsync(key, ("value", "short"), ("ttl", "2"));
        Assert.Equal(2, put.Node.GetProperty("ttl").GetInt64());
        var waiting = await _v2.StartWaitAsync($"{key}?wait=true&waitIndex={put.Index + 1}");
        Assert.Equal("expire", (await waiting.WaitAsync(TimeSpan.FromSeconds(20))).Action);
        Assert.Equal(HttpStatusCode.NotFound, (await _v2.GetAsync(key)).Status);
    }

    [DeploymentFact]
    public async Task Wait_LongPoll_IsAnsweredByALaterPut()
    {
        var key = Key();
        var waiting = await _v2.StartWaitAsync(key + "?wait=true");
        Assert.False(waiting.IsCompleted);
        await _oldPort.PutAsync(key, ("value", "news"));
        var heard = await waiting.WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Equal("news", heard.Node.GetProperty("value").GetString());
    }

    [DeploymentFact]
    public async Task Wait_BelowADirectoryThatGoes_IsAnsweredWhereTheNodeWasThere()
    {
        var folder = Key();
        await _v2.PutAsync($"{folder}/there", ("value", "x"));
        var missing = await _oldPort.StartWaitAsync($"{folder}/missing?wait=true");
        var there = await _v2.StartWaitAsync($"{folder}/there?wait=true");
        await _v2.DeleteAsync($"{folder}?recursive=true");
        Assert.Equal("delete", (await there).Action);
        await _v2.PutAsync($"{folder}/missing", ("value", "news"));
        Assert.Equal("set", (await missing).Action);
    }

    [DeploymentFact]
    public async Task Post_InOrderKeys_SortAsTheyCame()
    {
        var folder = Key();
        string[] values = ["first", "second", "third"];
        foreach (var value in values)
        {
            var created = await _v2.PostAsync(folder, ("value", value));
            Assert.Equal((HttpStatusCode.Created, "create"), (created.Status, created.Action));
        }
        var listed = await _v2.GetAsync(folder + "?recursive=true&sorted=true");
        Assert.Equal(values, listed.Node.GetProperty("nodes").EnumerateArray().Select(node => node.GetProperty("value").GetString()));
    }

    [DeploymentFact]
    public async Task Directories_MakeAndRemove_KeepTheirRules()
    {
        var folder = Key();
        Assert.True((await _v2.PutAsync(folder, ("dir", "true"))).Node.GetProperty("dir").GetBoolean());
        Assert.Equal(102, (await _v2.PutAsync(folder, ("dir", "true"))).ErrorCode);
        Assert.Equal(HttpStatusCode.OK, (await _v2.DeleteAsync(folder + "?dir=true")).Status);
        await _v2.PutAsync(folder + "/inner", ("value", "x"));
        Assert.Equal(108, (await _v2.DeleteAsync(folder + "?dir=true")).ErrorCode);
        var root = await _v2.GetAsync("v2/keys/?recursive=true");
        Assert.Contains(root.Node.GetProperty("nodes").EnumerateArray(), node => node.GetProperty("key").GetString() == folder["v2/keys".Length..]);
        Assert.Equal("delete", (await _v2.DeleteAsync(folder + "?recursive=true")).Action);
    }

    [DeploymentFact]
    public async Task CompareAndSwap_WrongThenRight_ChangesOnce()
    {
        var key = Key();
        await _v2.PutAsync(key, ("value", "one"));
        Assert.Equal(101, (await _v2.PutAsync(key + "?prevValue=other", ("value", "two"))).ErrorCode);
        Assert.Equal("compareAndSwap", (await _v2.PutAsync(key + "?prevValue=one", ("value", "two"))).Action);
        Assert.Equal(105, (await _v2.PutAsync(key + "?prevExist=false", ("value", "three"))).ErrorCode);
    }

    [DeploymentFact]
    public async Task Put_UrlEncodedFileContent_KeepsEveryCharacter()
    {
        var key = Key();
        const string content = "line one\nü & = + % \"quoted\" <tag>\n";
        await _v2.PutAsync(key, ("value", content));
        Assert.Equal(content, (await _v2.GetAsync(key)).Node.GetProperty("value").GetString());
    }

    [DeploymentFact]
    public async Task VersionHealthAndMembers_Answer()
    {
        var (status, version) = await _v2.TextAsync("version");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith("{\"etcdserver\":\"3.", version, StringComparison.Ordinal);
        Assert.Contains("\"health\":\"true\"", (await _oldPort.TextAsync("health")).Body, StringComparison.Ordinal);
        Assert.Contains("clientURLs", (await _v2.TextAsync("v2/members")).Body, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.NotFound, "404 page not found\n"), await _v2.TextAsync("v2/nothing"));
    }

    public void Dispose()
    {
        _v2.Dispose();
        _oldPort.Dispose();
        GC.SuppressFinalize(this);
    }
}
