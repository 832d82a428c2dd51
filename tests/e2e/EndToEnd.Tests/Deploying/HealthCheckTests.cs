using System.Globalization;
using System.Net;

namespace EndToEnd.Tests.Deploying;

/// <summary>
/// Goal: the engine hears at once when what runs in a container has become ready, and when it is not any more, although it is asked once in half a minute while all is well. Method: the
/// shipped script as the engine runs it, one check after the other, against a server that says what the test wants.
/// </summary>
public sealed class HealthCheckTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    // A check that stays does so for half a minute.
    private static readonly TimeSpan s_atOnce = TimeSpan.FromSeconds(15);

    private readonly TempFolder _folder = new();
    private readonly HttpListener _server = new();
    private readonly int _port = Ports.Free(1)[0];
    private readonly CancellationTokenSource _ended = new();
    private volatile HttpStatusCode _says = HttpStatusCode.ServiceUnavailable;
    private int _asked;

    [Fact]
    public async Task Check_NothingThere_Fails() => Assert.Equal(1, await RunAsync());

    [Fact]
    public async Task Check_WhileItStarts_WaitsForIt()
    {
        Serve();
        Assert.Equal(1, await RunAsync());
        await using var check = Check();
        await AskedAsync(2);
        _says = HttpStatusCode.OK;
        Assert.Equal(0, await check.WaitForExitAsync(s_atOnce));
    }

    [Fact]
    public async Task Check_AllWell_StaysAndEndsWithTheFirstBadAnswer()
    {
        Serve();
        _says = HttpStatusCode.OK;
        Assert.Equal(0, await RunAsync());
        await using var check = Check();
        await AskedAsync(3);
        Assert.False(check.HasExited);
        _says = HttpStatusCode.ServiceUnavailable;
        Assert.Equal(1, await check.WaitForExitAsync(s_atOnce));
        // What was well before is no reason to stay: the engine is to hear that it is again.
        _says = HttpStatusCode.OK;
        Assert.Equal(0, await RunAsync());
    }

    [Fact]
    public async Task Check_AllWell_EndsAfterAWhile()
    {
        Serve();
        _says = HttpStatusCode.OK;
        Assert.Equal(0, await RunAsync());
        var asked = Volatile.Read(ref _asked);
        Assert.Equal(0, await RunAsync(staySeconds: 5));
        // At the begin, each time after two seconds, and at the end for the words.
        Assert.InRange(Volatile.Read(ref _asked) - asked, 4, 5);
    }

    public void Dispose()
    {
        _ended.Cancel();
        _server.Close();
        _ended.Dispose();
        _folder.Dispose();
    }

    private void Serve()
    {
        _server.Prefixes.Add($"http://localhost:{_port}/");
        _server.Start();
        _ = ServeAsync();
    }

    private async Task ServeAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            HttpListenerContext context;
            try
            {
                context = await _server.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return; // Closed: the test is over.
            }
            context.Response.StatusCode = context.Request.Url!.AbsolutePath == "/healthz" ? (int)_says : (int)HttpStatusCode.NotFound;
            // Before the answer: who has it is counted.
            Interlocked.Increment(ref _asked);
            context.Response.Close("one\ntwo\nthree\n"u8.ToArray(), willBlock: false);
        }
    }

    private Task AskedAsync(int more)
    {
        var until = Volatile.Read(ref _asked) + more;
        return Poll.UntilAsync($"{more} more questions", s_patience, () => Task.FromResult(Volatile.Read(ref _asked) >= until));
    }

    private ChildProcess Check(int? staySeconds = null) => ChildProcess.Start(
        "/bin/bash", [Path.Combine(Repository.Root, "deploy", "compose", "healthcheck.sh"), $"{_port}"],
        new Dictionary<string, string?> { ["TMPDIR"] = _folder.Path, ["HEALTHCHECK_STAY"] = staySeconds?.ToString(CultureInfo.InvariantCulture) });

    private async Task<int> RunAsync(int? staySeconds = null)
    {
        await using var check = Check(staySeconds);
        return await check.WaitForExitAsync(s_atOnce);
    }
}
