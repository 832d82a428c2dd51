using System.Net;
using EndToEnd.Tests.Snapshots;

namespace EndToEnd.Tests.Startup;

/// <summary>
/// Goal: the v2 data set in a snapshot file of real etcd 3.4 becomes ours, hidden keys and times to live included, and a damaged file changes nothing. Method: a member is restarted so that
/// its snapshots hold everything, as the help advises; both sides' lists are compared.
/// </summary>
[Needs(Tool.Etcd34)]
public sealed class SnapshotImportTests : IDisposable
{
    private const string Root = "root:pw";

    private const string WithRoles =
        """
        copied 1 roles
        user alice is to be made with a password: etcdctl user add alice, etcdctl user grant alice --roles fleet
        user root is to be made with a password: etcdctl user add root
        """;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public async Task Import_SnapshotOfRealEtcd_IsTheSameTree()
    {
        var member = Member.Make(_folder, "source")[0];
        await using (var before = await Server.StartAsync(ServerKind.Etcd34, member, "new", "--enable-v2"))
        {
            using var writer = new V2Client(before.Client);
            await FillAsync(writer);
        }
        await using var sourceServer = await Server.StartAsync(ServerKind.Etcd34, member, "new", "--enable-v2", "--snapshot-count", "1");
        await using var targetServer = await Server.StartAsync(ServerKind.Ours, Member.Make(_folder, "target")[0]);
        using var source = new V2Client(sourceServer.Client);
        using var target = new V2Client(targetServer.Client);
        await target.PutAsync("v2/keys/z/was/a/directory", ("value", "y"));
        var (file, ended) = await SnapshotWithAnEndingKeyAsync(source, member);
        await source.StartWaitAsync($"v2/keys/ends?wait=true&waitIndex={ended}").Unwrap();

        var result = await ImportAsync(file, targetServer);
        Assert.Equal((0, ""), (result.ExitCode, result.Err));
        Assert.StartsWith("copied 20 keys and directories as of index ", result.Out, StringComparison.Ordinal);
        Assert.Equal(await V2Trees.TreeAsync(source), await V2Trees.TreeAsync(target));
        Assert.Equal(await V2Trees.CreationOrderAsync(source), await V2Trees.CreationOrderAsync(target));
        foreach (var hidden in new[] { "_secret", "dir/_inner" })
        {
            Assert.Equal(await V2Trees.TreeAsync(source, hidden), await V2Trees.TreeAsync(target, hidden));
            Assert.Equal("whispered", (await target.GetAsync($"v2/keys/{hidden}/x")).Node.GetProperty("value").GetString());
        }
        foreach (var forATime in new[] { "hollow-for-a-time", "stays-a-while" })
            Assert.InRange((await target.GetAsync($"v2/keys/{forATime}")).Node.GetProperty("ttl").GetInt32(), 400, 600);

        var part = await ImportAsync(file, targetServer, "--prefix", "/dir", "--dest-prefix", "copy");
        Assert.Equal((0, ""), (part.ExitCode, part.Err));
        Assert.Equal((await V2Trees.TreeAsync(source, "dir")).Replace("/dir", "/copy", StringComparison.Ordinal), await V2Trees.TreeAsync(target, "copy"));
        await RefusedAsync(file, target, targetServer, $"Error: {file} has nothing at /nope", "--prefix", "/nope");

        var bytes = await File.ReadAllBytesAsync(file);
        bytes[bytes.Length / 2] ^= 1;
        var damaged = _folder.Sub("damaged.snap");
        await File.WriteAllBytesAsync(damaged, bytes);
        await RefusedAsync(damaged, target, targetServer, $"Error: {damaged} is no snapshot of etcd's, or is damaged: its checksum does not match");
        var foreign = _folder.Sub("foreign.snap");
        await File.WriteAllTextAsync(foreign, "no snapshot");
        await RefusedAsync(foreign, target, targetServer, $"Error: {foreign} is no snapshot of etcd's, or is damaged: ");

        var roles = await ImportAsync(file, targetServer, "--with-roles");
        Assert.Equal((0, ""), (roles.ExitCode, roles.Err));
        Assert.EndsWith(WithRoles, roles.Out, StringComparison.Ordinal);
        Assert.Equal(await RolesAsync(source), await RolesAsync(target));
        await MirrorRolesAsync(source, sourceServer, target, targetServer);
    }

    // From a server that asks for credentials, where a role is another than at the target.
    private static async Task MirrorRolesAsync(V2Client source, Server sourceServer, V2Client target, Server targetServer)
    {
        await source.JsonAsync(HttpMethod.Put, "v2/auth/roles/fleet", """{"role":"fleet","grant":{"kv":{"read":["/rkt/*"],"write":["/rkt/*"]}},"revoke":{"kv":{"write":["/fleet/*"]}}}""");
        Assert.Equal(HttpStatusCode.OK, (await source.JsonAsync(HttpMethod.Put, "v2/auth/enable", "")).Status);
        Assert.Equal(HttpStatusCode.OK, (await source.JsonAsync(HttpMethod.Delete, "v2/auth/roles/guest", "", Root)).Status);
        string[] rest = ["--to", targetServer.Client.ToString(), "--once", "--with-roles"];
        var stranger = await MirrorAsync(["--from", sourceServer.Client.ToString(), .. rest]);
        Assert.Equal((1, "Error: 110: The request requires user authentication (Insufficient credentials) [0]"), (stranger.ExitCode, stranger.Err));
        var root = await MirrorAsync(["--from", $"http://{Root}@{sourceServer.Client.Authority}", .. rest]);
        Assert.Equal((0, ""), (root.ExitCode, root.Err));
        Assert.EndsWith(WithRoles, root.Out, StringComparison.Ordinal);
        Assert.Contains("/rkt/*", await RolesAsync(target), StringComparison.Ordinal);
        Assert.Equal(await RolesAsync(source), await RolesAsync(target));
    }

    private static async Task<string> RolesAsync(V2Client client) => (await client.JsonAsync(HttpMethod.Get, "v2/auth/roles", "", Root)).Body;

    private static async Task FillAsync(V2Client source)
    {
        foreach (var (key, value) in new[]
            {
                ("z", "first"), ("dir/b", "1"), ("dir/a", "2"), ("dir/sub/%C3%A9%20%C3%BC%2B%25%3F%23", "<&>\u2028\"\\"), ("empty", ""), ("lines", "a\r\nb\tc\0"), ("large", new string('é', 100_000)),
                ("_secret/x", "whispered"), ("dir/_inner/x", "whispered"),
            })
        {
            Assert.Equal(HttpStatusCode.Created, (await source.PutAsync($"v2/keys/{key}", ("value", value))).Status);
        }
        await source.JsonAsync(HttpMethod.Put, "v2/auth/roles/fleet", """{"role":"fleet","permissions":{"kv":{"read":["/fleet/*"],"write":["/fleet/*"]}}}""");
        await source.JsonAsync(HttpMethod.Put, "v2/auth/users/root", """{"user":"root","password":"pw"}""");
        await source.JsonAsync(HttpMethod.Put, "v2/auth/users/alice", """{"user":"alice","password":"hers","roles":["fleet"]}""");
        await source.PutAsync("v2/keys/hollow", ("dir", "true"));
        await source.PutAsync("v2/keys/hollow-for-a-time", ("dir", "true"), ("ttl", "600"));
        await source.PutAsync("v2/keys/stays-a-while", ("value", "x"), ("ttl", "600"));
        for (var n = 0; n < 2; n++)
            await source.PostAsync("v2/keys/queue", ("value", $"job {n}"));
    }

    // A copy of a snapshot that holds all that was written, with a key that is still there in it; and the index after which that key ends.
    private async Task<(string File, long Index)> SnapshotWithAnEndingKeyAsync(V2Client source, Member member)
    {
        var (file, index) = ("", 0L);
        await Poll.UntilAsync("a snapshot that holds everything", s_patience, async () =>
        {
            index = (await source.PutAsync("v2/keys/ends", ("value", "soon"), ("ttl", "5"))).Index + 1;
            // Each write makes the snapshot of the one before.
            await source.PutAsync("v2/keys/nudge", ("value", "x"));
            var newest = Directory.GetFiles(Path.Combine(member.DataDir, "member", "snap"), "*.snap").Order(StringComparer.Ordinal).LastOrDefault();
            if (newest is null)
                return false;
            file = _folder.Sub("copy.snap");
            File.Copy(newest, file, overwrite: true);
            var text = await File.ReadAllTextAsync(file);
            return text.Contains("\"/1/ends\"", StringComparison.Ordinal) && text.Contains("\"/1/nudge\"", StringComparison.Ordinal);
        });
        return (file, index);
    }

    private static async Task RefusedAsync(string file, V2Client target, Server server, string error, params string[] more)
    {
        var before = (await target.GetAsync("v2/keys/")).Index;
        var result = await ImportAsync(file, server, more);
        Assert.Equal((1, ""), (result.ExitCode, result.Out));
        Assert.StartsWith(error, result.Err, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.Err);
        Assert.Equal(before, (await target.GetAsync("v2/keys/")).Index);
    }

    private static Task<EtcdctlResult> ImportAsync(string file, Server target, params string[] more) =>
        MirrorAsync(["--from-snapshot", file, "--to", target.Client.ToString(), .. more]);

    private static Task<EtcdctlResult> MirrorAsync(string[] arguments) => Commands.RunAsync("dotnet", [Repository.Assembly("Standalone"), "mirror-v2", .. arguments]);
}
