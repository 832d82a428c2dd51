using System.Net;

namespace EndToEnd.Tests.Startup;

/// <summary>
/// Goal: an operator can tell from outside whether a data file is sound, and a damaged one does not stop a member whose log is whole. Method: the program on a
/// folder that a server wrote, beside it, after it, and with a byte of every page changed.
/// </summary>
public sealed class CheckCommandTests : IDisposable
{
    private const int PageBytes = 4096;

    private readonly TempFolder _folder = new();
    private readonly int[] _ports = Ports.Free(3);

    private string DataDir => _folder.Sub("data");
    private string DataFile => Path.Combine(DataDir, "storage", "data.tree");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Check_OfAMember_TellsInUseThenCleanThenDamagedAndTheMemberHeals()
    {
        await ServeAsync(async v2 =>
        {
            Assert.Equal(HttpStatusCode.Created, (await v2.PutAsync("v2/keys/kept", ("value", "through damage"))).Status);
            var (running, _, inUse) = await CheckAsync();
            Assert.Equal(2, running);
            Assert.Contains("used by another process", inUse, StringComparison.Ordinal);
        });
        var (clean, report, _) = await CheckAsync();
        Assert.Equal(0, clean);
        Assert.Contains("table v2 nodes:", report, StringComparison.Ordinal);
        Assert.EndsWith("clean", report, StringComparison.Ordinal);
        Assert.Equal((0, report), await CheckWithStorageAsync());

        DamageEveryPage();
        var (damaged, findings, _) = await CheckAsync();
        Assert.Equal(1, damaged);
        Assert.Contains("damage: page ", findings, StringComparison.Ordinal);
        Assert.Contains("checksum mismatch (table ", findings, StringComparison.Ordinal);

        await ServeAsync(async v2 => Assert.Equal("through damage", (await v2.GetAsync("v2/keys/kept")).Node.GetProperty("value").GetString()));
        Assert.True(File.Exists(DataFile + ".damaged"));
        Assert.Equal(0, (await CheckAsync()).Code);
    }

    [Fact]
    public async Task Check_NothingThere_IsTwoAndMakesNothing()
    {
        var (code, output, error) = await CheckAsync();
        Assert.Equal((2, "", $"no data file {DataFile}"), (code, output, error));
        Assert.False(Directory.Exists(DataDir));
    }

    private async Task ServeAsync(Func<V2Client, Task> use)
    {
        var url = $"http://127.0.0.1:{_ports[0]}";
        var peer = $"http://127.0.0.1:{_ports[2]}";
        await using var server = ChildProcess.Start("dotnet", [
            Repository.Assembly("Standalone"), "--data-dir", DataDir, "--listen-client-urls", url, "--advertise-client-urls", url, "--listen-peer-urls", peer,
        ]);
        await Poll.UntilAsync("the server to be ready", TimeSpan.FromSeconds(30), () => server.HasExited
            ? throw new InvalidOperationException(server.Err)
            : Task.FromResult(server.Err.Contains("serving client traffic insecurely", StringComparison.Ordinal)));
        using (var v2 = new V2Client(new Uri(url + "/")))
            await use(v2);
        server.Terminate();
        await server.WaitForExitAsync();
    }

    private void DamageEveryPage()
    {
        using var file = File.Open(DataFile, FileMode.Open);
        for (var at = 2L * PageBytes + 100; at < file.Length; at += PageBytes)
        {
            file.Position = at;
            var value = (byte)(file.ReadByte() ^ 1);
            file.Position = at;
            file.WriteByte(value);
        }
    }

    private async Task<(int Code, string Out, string Err)> CheckAsync()
    {
        await using var process = ChildProcess.Start("dotnet", [Repository.Assembly("Standalone"), "check", "--data-dir", DataDir]);
        var code = await process.WaitForExitAsync();
        return (code, process.Out, process.Err);
    }

    private async Task<(int Code, string Out)> CheckWithStorageAsync()
    {
        await using var process = ChildProcess.Start(
            "dotnet", [Repository.Assembly("Storage.Host"), "check", "--Storage:DataDir", Path.Combine(DataDir, "storage")]);
        var code = await process.WaitForExitAsync();
        return (code, process.Out);
    }
}
