using System.Text;
using System.Text.Json;
using Conformance.Etcdctl;
using Conformance.Harness;
using Conformance.V2;

namespace Conformance.EtcdctlV2;

/// <summary>The steps of a scenario with etcdctl's v2 commands: output, error output and exit code are compared.</summary>
internal sealed class V2CtlSession : IAsyncDisposable
{
    private readonly Target _target;
    private readonly Transcript _transcript;
    private readonly Normaliser _normaliser;
    private readonly V2CtlText _text;
    private EtcdctlProcess? _watching;

    private V2CtlSession(Target target, Transcript transcript, Normaliser normaliser)
    {
        (_target, _transcript, _normaliser) = (target, transcript, normaliser);
        _text = new V2CtlText(normaliser);
    }

    public static async Task<V2CtlSession> OpenAsync(Target target, Transcript transcript) =>
        new(target, transcript, new Normaliser(target, "idx") { Origin = await V2Store.EmptyAsync(target) });

    /// <summary>An absolute index <paramref name="distance"/> changes after the start.</summary>
    public long Idx(long distance) => _normaliser.Origin + distance;

    public void ExpectTtl(long seconds) => _text.ExpectTtl(seconds);

    /// <summary>Runs each command line; single quotes keep words together.</summary>
    public async Task Run(params string[] commandLines)
    {
        foreach (var commandLine in commandLines)
            await RunWithInput("", commandLine);
    }

    /// <summary>Runs with this on standard input, which then ends.</summary>
    public async Task RunWithInput(string input, string commandLine)
    {
        ShowCommand(commandLine + (input.Length > 0 ? $" < {input.TrimEnd()}" : ""));
        await using var process = Start(commandLine);
        if (input.Length > 0)
            await process.WriteAsync(input);
        process.CloseInput();
        await ShowOutcome(process);
    }

    /// <summary>
    /// Runs a command that watches. Once its watch waits at the server the steps run; when it has written so many lines it is interrupted, unless it ends by itself.
    /// </summary>
    public async Task Watch(string commandLine, int lines, Func<Task> steps, bool endsItself = false)
    {
        ShowCommand(commandLine + " &");
        await using var process = Start(commandLine);
        _watching = process;
        await WatchersAre(1);
        await steps();
        await Finish(commandLine, process, lines, endsItself);
    }

    /// <summary>The same for a watch that begins with what has been.</summary>
    public async Task WatchHistory(string commandLine, int lines, bool endsItself = false)
    {
        ShowCommand(commandLine + " &");
        await using var process = Start(commandLine);
        await Finish(commandLine, process, lines, endsItself);
    }

    /// <summary>A write besides, over HTTP; once it has been heard the next watch of the same command waits again.</summary>
    public async Task WriteAndAwaitWatch(string method, string path, string? form, bool waitsAgain = true)
    {
        await V2Store.WriteAsync(_target, method, "/v2/keys" + path, form);
        if (waitsAgain)
            await WatchersAre(1);
    }

    /// <summary>Waits until the command that watches has written so many lines: what it runs for an event it does not wait for.</summary>
    public Task Lines(int count) => _watching!.WaitForLinesAsync(count);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // The usual two seconds for the head of an answer may not do for two servers on a busy machine that hash passwords.
    private EtcdctlProcess Start(string commandLine) => new(_target, ["--timeout", "15s", "--total-timeout", "30s", .. Words(commandLine)], isV2: true);

    private async Task Finish(string commandLine, EtcdctlProcess process, int lines, bool endsItself)
    {
        if (!endsItself)
        {
            await process.WaitForLinesAsync(lines);
            process.Interrupt();
            _transcript.Add($"# interrupted after {lines} lines: {commandLine.Split(' ')[0]}");
        }
        await ShowOutcome(process);
        await WatchersAre(0);
    }

    // etcdctl does not say that it watches, but servers count.
    private async Task WatchersAre(long count)
    {
        var deadline = DateTime.UtcNow.AddSeconds(40);
        while (true)
        {
            using var answer = await RawHttp.SendAsync(_target.ClientPort, "GET", "/v2/stats/store", [], null);
            using var counts = JsonDocument.Parse(await answer.ReadToEndAsync());
            if (counts.RootElement.GetProperty("watchers").GetInt64() == count)
                return;
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"there are not {count} watchers but {counts.RootElement.GetProperty("watchers")}");
            await Task.Delay(10);
        }
    }

    private void ShowCommand(string commandLine) => _transcript.Add("$ etcdctl " + _text.Show(commandLine));

    private async Task ShowOutcome(EtcdctlProcess process)
    {
        var result = await process.ExitAsync();
        var output = Encoding.UTF8.GetString(result.Output);
        if (output.Length > 0)
            _transcript.Add(Indent("  ", _text.Show(output)) + (output.EndsWith('\n') ? "" : "<no newline>"));
        if (result.ErrorOutput.Length > 0)
            _transcript.Add(Indent("  err: ", _text.Show(result.ErrorOutput)));
        if (result.ExitCode != 0)
            _transcript.Add($"  exit code {result.ExitCode}");
    }

    private static string Indent(string prefix, string text)
    {
        var whole = text.EndsWith('\n') ? text[..^1] : text;
        return prefix + whole.Replace("\n", "\n" + prefix, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Words(string commandLine) => commandLine.Split('\'')
        .SelectMany((part, n) => n % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
