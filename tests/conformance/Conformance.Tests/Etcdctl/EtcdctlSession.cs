using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Conformance.Harness;
using Conformance.V3;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;

namespace Conformance.Etcdctl;

/// <summary>The etcdctl steps of a scenario: output, error output and exit code are compared.</summary>
internal sealed partial class EtcdctlSession : IAsyncDisposable
{
    private readonly Target _target;
    private readonly Transcript _transcript;
    private readonly Normaliser _normaliser;
    private readonly EtcdctlText _text;

    private EtcdctlSession(Target target, Transcript transcript, Normaliser normaliser)
    {
        (_target, _transcript, _normaliser) = (target, transcript, normaliser);
        _text = new EtcdctlText(normaliser);
    }

    public static async Task<EtcdctlSession> OpenAsync(Target target, Transcript transcript) =>
        new(target, transcript, new Normaliser(target, "rev") { Origin = await V3Store.EmptyAsync(target) });

    /// <summary>An absolute revision <paramref name="distance"/> writes after the start.</summary>
    public long Rev(long distance) => _normaliser.Origin + distance;

    public void Note(string text) => _transcript.Add("# " + text);

    /// <summary>Runs a command line; single quotes keep words together.</summary>
    public Task<string> Run(string commandLine) => RunWithInput("", commandLine);

    /// <summary>Runs each line.</summary>
    public async Task RunAll(params string[] commandLines)
    {
        foreach (var commandLine in commandLines)
            await Run(commandLine);
    }

    /// <summary>Runs with this on standard input, which then ends.</summary>
    public async Task<string> RunWithInput(string input, string commandLine)
    {
        var result = await Finish(commandLine, input, null);
        var output = Encoding.UTF8.GetString(result.Output);
        ShowOutcome(output, result);
        return output;
    }

    /// <summary>
    /// Runs a load check. Whether the machine was quick enough is not compared; that the exit code (0 or 1) says the
    /// same as the last verdict is.
    /// </summary>
    public async Task RunLoadCheck(string commandLine, TimeSpan deadline, Func<string, string> withoutVerdicts)
    {
        var result = await Finish(commandLine, "", deadline);
        var output = Encoding.UTF8.GetString(result.Output);
        // "PASS" by itself, or with what it is about.
        var passed = output.TrimEnd().Split('\n', '\r')[^1].Contains("PASS", StringComparison.Ordinal);
        var isConsistent = result.ExitCode == (passed ? 0 : 1);
        Note(isConsistent ? "the exit code follows the last verdict" : $"exit code {result.ExitCode} after:\n{output}");
        ShowOutcome(withoutVerdicts(output), result with { ExitCode = 0 });
    }

    /// <summary>Runs a command with <c>-w protobuf</c> and shows the message that it printed.</summary>
    public async Task RunProtobuf<T>(MessageParser<T> parser, string commandLine, string input = "")
        where T : IMessage<T>
    {
        var result = await Finish(commandLine, input, null);
        _transcript.Add(new MessageText(_normaliser).Block(parser, result.Output));
        ShowOutcome("", result);
    }

    /// <summary>
    /// Runs a command in the background until it wrote so many lines, then interrupts it. <paramref name="during"/>
    /// runs meanwhile.
    /// </summary>
    public async Task RunUntilLines(int count, string commandLine, Func<Task>? during = null)
    {
        ShowCommand(commandLine + " &", "");
        await using var process = new EtcdctlProcess(_target, Words(commandLine));
        if (during is not null)
            await during();
        await process.WaitForLinesAsync(count);
        process.Interrupt();
        Note($"interrupted after {count} lines: {commandLine.Split(' ')[0]}");
        var result = await process.ExitAsync();
        ShowOutcome(Encoding.UTF8.GetString(result.Output), result);
    }

    /// <summary>Runs a command in the background; once it wrote so many lines, runs the steps, then interrupts it.</summary>
    public async Task RunWhile(int lines, string commandLine, Func<Task> steps)
    {
        ShowCommand(commandLine + " &", "");
        await using var process = new EtcdctlProcess(_target, Words(commandLine));
        await process.WaitForLinesAsync(lines);
        await steps();
        process.Interrupt();
        Note($"interrupted: {commandLine}");
        var result = await process.ExitAsync();
        ShowOutcome(Encoding.UTF8.GetString(result.Output), result);
    }

    /// <summary>
    /// The holder takes what <paramref name="prefix"/> guards; the waiter queues behind it (seen by its key) and says
    /// nothing; the holder is interrupted, and the waiter takes over. A waiter that does not end by itself is
    /// interrupted after <paramref name="waiterLines"/> lines.
    /// </summary>
    public async Task HandOver(int holderLines, string holder, string waiter, string prefix, int waiterLines = 0)
    {
        await using var first = new EtcdctlProcess(_target, Words(holder));
        await first.WaitForLinesAsync(holderLines);
        await using var second = new EtcdctlProcess(_target, Words(waiter));
        await KeysAreAsync(prefix, 2);
        Note($"waiting, the second has said: \"{second.Output}\"");
        first.Interrupt();
        await ShowExit(holder, first);
        if (waiterLines > 0)
        {
            await second.WaitForLinesAsync(waiterLines);
            second.Interrupt();
        }
        await ShowExit(waiter, second);
    }

    /// <summary>
    /// Runs a watch from now on. etcdctl does not tell when it is in place, so a probe key inside the watched range is
    /// written until the first event shows; the scenario counts its revisions from there.
    /// </summary>
    public async Task WatchFromNow(int lines, string commandLine, string probeKey, Func<Task> during)
    {
        ShowCommand(commandLine + " &", "");
        await using var process = new EtcdctlProcess(_target, Words(commandLine));
        var firstEvent = process.WaitForOutputAsync(text => text.Contains("probe\n", StringComparison.Ordinal));
        do
            await PutAsync(probeKey, "probe");
        while (await Task.WhenAny(firstEvent, Task.Delay(100)) != firstEvent);
        await firstEvent;
        _normaliser.Origin = await PutAsync(probeKey, "in place");
        const string Marker = "in place\n";
        await process.WaitForOutputAsync(text => text.Contains(Marker, StringComparison.Ordinal));
        string AfterMarker(string text) => text[(text.IndexOf(Marker, StringComparison.Ordinal) + Marker.Length)..];
        await during();
        await process.WaitForOutputAsync(text => AfterMarker(text).Count(c => c == '\n') >= lines);
        process.Interrupt();
        var result = await process.ExitAsync();
        ShowOutcome(AfterMarker(Encoding.UTF8.GetString(result.Output)), result);
    }

    /// <summary>Runs an interactive command: each step types its lines, then waits for so many lines of output in all.</summary>
    public async Task Interactive(string commandLine, params (string Typed, int LinesSoFar)[] steps)
    {
        ShowCommand(commandLine, string.Concat(steps.Select(s => s.Typed)));
        await using var process = new EtcdctlProcess(_target, Words(commandLine));
        foreach (var (typed, linesSoFar) in steps)
        {
            await process.WriteAsync(typed);
            await process.WaitForLinesAsync(linesSoFar);
        }
        process.Interrupt();
        var result = await process.ExitAsync();
        ShowOutcome(Encoding.UTF8.GetString(result.Output), result);
    }

    /// <summary>
    /// Interactive watch, asked for progress until it tells: the server may drop the request while the watcher is not
    /// yet in sync. Equal answers to the repeated requests are shown once.
    /// </summary>
    public async Task InteractiveProgress(string watchLine)
    {
        ShowCommand("watch -i", watchLine + "progress, until answered\n");
        await using var process = new EtcdctlProcess(_target, ["watch", "-i"]);
        await process.WriteAsync(watchLine);
        var told = process.WaitForOutputAsync(text => text.Contains("progress notify", StringComparison.Ordinal));
        do
            await process.WriteAsync("progress\n");
        while (await Task.WhenAny(told, Task.Delay(100)) != told);
        await told;
        process.Interrupt();
        var result = await process.ExitAsync();
        var lines = Encoding.UTF8.GetString(result.Output).TrimEnd('\n').Split('\n');
        ShowOutcome(string.Join('\n', lines.Where((line, i) => i == 0 || line != lines[i - 1])), result);
    }

    /// <summary>
    /// Puts until nothing more fits, large values first. How much fits is not compared: what counts is not the same on both sides. Counts revisions from here.
    /// </summary>
    public async Task FillUntilRefused()
    {
        var refused = "";
        foreach (var bytes in (int[])[1 << 20, 64 << 10, 1 << 10, 1])
        {
            for (refused = ""; refused.Length == 0;)
                refused = await TryPutAsync("f", new string('v', bytes));
        }
        var range = await Rpc.Range.CallAsync(_target.Channel, new RangeRequest { Key = ByteString.CopyFromUtf8("f"), CountOnly = true });
        _normaliser.Origin = range.Header.Revision;
        Note($"filled until refused: {refused}");
    }

    /// <summary>Raises or clears an alarm of the member itself, which etcdctl cannot raise.</summary>
    public async Task Alarm(AlarmRequest.Types.AlarmAction action, AlarmType alarm)
    {
        var request = new AlarmRequest { Action = action, MemberID = _target.MemberId, Alarm = alarm };
        var response = await Rpc.Alarm.CallAsync(_target.Channel, request);
        Note($"{action} {alarm}: {string.Join(", ", response.Alarms.Select(one => $"{one.Alarm} of {(one.MemberID == _target.MemberId ? "the member" : "another")}"))}");
    }

    /// <summary>In hexadecimal, as etcdctl takes it.</summary>
    public string MemberId => _target.MemberId.ToString("x");

    public string PeerUrl => $"http://127.0.0.1:{_target.PeerPort}";

    /// <summary>Hides what only this run knows.</summary>
    public void Hide(string literal, string placeholder) => _normaliser.Hide(literal, placeholder);

    /// <summary>Runs <c>member add</c>; the new member's id, which is hidden from then on, is returned in hexadecimal. Lists of members are shown with the new one last: etcd orders by ids.</summary>
    public async Task<string> RunMemberAdd(string commandLine)
    {
        var before = await MemberIdsAsync();
        var result = await Finish(commandLine, "", null);
        var added = (await MemberIdsAsync()).Except(before).Single();
        _normaliser.HideId(added, "<added>");
        var output = Encoding.UTF8.GetString(result.Output);
        ShowOutcome(output.StartsWith('{') ? WithLast(added, output) : WithLast(Words(commandLine)[2], output), result);
        return added.ToString("x");
    }

    /// <summary>Runs a command that logs what it does: of the lines only their messages are compared. What describes a file of the server's own, its size and hash, is not compared.</summary>
    public async Task RunLogged(string commandLine)
    {
        var result = await Finish(commandLine, "", null);
        var lines = result.ErrorOutput.Split('\n').Select(static line => LogMessage().Match(line) is { Success: true } match ? $"log: {match.Groups["message"].Value}" : line);
        ShowOutcome(EtcdctlText.WithoutFile(Encoding.UTF8.GetString(result.Output)), result with { ErrorOutput = EtcdctlText.WithoutFile(string.Join('\n', lines)) });
    }

    /// <summary>Runs a command that is not compared.</summary>
    public async Task RunUnseen(string commandLine)
    {
        await using var process = new EtcdctlProcess(_target, Words(commandLine));
        await process.ExitAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<string> TryPutAsync(string key, string value)
    {
        try
        {
            await PutAsync(key, value);
            return "";
        }
        catch (Grpc.Core.RpcException refused)
        {
            return $"{refused.StatusCode} {refused.Status.Detail}";
        }
    }

    private async Task ShowExit(string commandLine, EtcdctlProcess process)
    {
        ShowCommand(commandLine + " &", "");
        var result = await process.ExitAsync();
        ShowOutcome(Encoding.UTF8.GetString(result.Output), result);
    }

    private async Task KeysAreAsync(string prefix, long count)
    {
        var deadline = DateTime.UtcNow.AddSeconds(40);
        // '0' follows '/', so this is the prefix's range.
        var request = new RangeRequest { Key = ByteString.CopyFromUtf8(prefix), RangeEnd = ByteString.CopyFromUtf8(prefix[..^1] + "0"), CountOnly = true };
        while ((await Rpc.Range.CallAsync(_target.Channel, request)).Count != count)
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"there are not {count} keys below {prefix}");
            await Task.Delay(20);
        }
    }

    private async Task<long> PutAsync(string key, string value)
    {
        var request = new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) };
        return (await Rpc.Put.CallAsync(_target.Channel, request)).Header.Revision;
    }

    private async Task<CommandResult> Finish(string commandLine, string input, TimeSpan? deadline)
    {
        ShowCommand(commandLine, input);
        await using var process = new EtcdctlProcess(_target, Words(commandLine), deadline);
        if (input.Length > 0)
            await process.WriteAsync(input);
        process.CloseInput();
        var result = await process.ExitAsync();
        if (commandLine.StartsWith("member ", StringComparison.Ordinal))
            await MemberChanges.SettleAsync(_target);
        return result;
    }

    private void ShowCommand(string commandLine, string input)
    {
        _transcript.Add("$ etcdctl " + _text.Show(commandLine));
        if (input.Length > 0)
            _transcript.Add(Indent("< ", _text.Show(input)));
    }

    private void ShowOutcome(string output, CommandResult result)
    {
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

    private static string WithLast(ulong member, string json)
    {
        var answer = JsonNode.Parse(json)!;
        var ordered = answer["members"]!.AsArray().OrderBy(one => one!["ID"]!.GetValue<ulong>() == member).Select(static one => one!.DeepClone()).ToArray();
        answer["members"] = new JsonArray(ordered);
        return answer.ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
    }

    // The line that the new member's start is to be given: the same members, of which the named one goes last.
    private static string WithLast(string member, string text) => InitialCluster().Replace(text, match =>
        string.Join(',', match.Value.Split(',').OrderBy(one => one.StartsWith(member + "=", StringComparison.Ordinal))));

    [GeneratedRegex("(?<=ETCD_INITIAL_CLUSTER=\")[^\"]*")]
    private static partial Regex InitialCluster();

    private async Task<List<ulong>> MemberIdsAsync() =>
        [.. (await Rpc.MemberList.CallAsync(_target.Channel, new MemberListRequest { Linearizable = true })).Members.Select(static member => member.ID)];

    [GeneratedRegex("^(?:\\{\"level\":.*?\"msg\":\"(?<message>[^\"]*)\".*\\}|\\S+Z\\t[a-z]+\\t\\S+\\t(?<message>[^\\t]*)\\t?.*)$")]
    private static partial Regex LogMessage();

    private static List<string> Words(string commandLine)
    {
        var words = new List<string>();
        var parts = commandLine.Split('\'');
        for (var i = 0; i < parts.Length; i++)
        {
            if (i % 2 == 1)
                words.Add(parts[i]);
            else
                words.AddRange(parts[i].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        return words;
    }
}
