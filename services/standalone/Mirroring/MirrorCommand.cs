using System.Runtime.InteropServices;
using System.Text.Json;
using Standalone.Snapshots;
using Standalone.V2;

namespace Standalone.Mirroring;

/// <summary><c>standalone mirror-v2</c>: copies the v2 keys of one server to another, and follows what changes there.</summary>
internal static class MirrorCommand
{
    /// <summary>First argument of the command line.</summary>
    public const string Name = "mirror-v2";

    // What a list of all keys may come to: well below what an array can hold.
    private const long MostAnswerBytes = 1024 * 1024 * 1024;

    private static readonly CommandUsage s_usage = new(
        $"standalone {Name} --from <url> --to <url> [flags]",
        [
            new("from", CommandFlagKind.Text, "", "server whose v2 keys are copied, http://host:port"),
            new("to", CommandFlagKind.Text, "", "server that gets them, http://host:port"),
            new("prefix", CommandFlagKind.Text, "/", "directory to copy"),
            new("dest-prefix", CommandFlagKind.Text, "", "directory to copy it to (default: the same)"),
            new("once", CommandFlagKind.Bool, "false", "end when all is copied, do not follow what changes"),
        ]);

    /// <summary>Runs it; returns the exit code. SIGTERM and SIGINT end it with 0.</summary>
    /// <param name="args">What follows the first argument.</param>
    public static int Run(IReadOnlyList<string> args)
    {
        try
        {
            var arguments = CommandArguments.Parse(args, s_usage.Flags);
            if (arguments.WantsHelp)
                Console.Out.Write(s_usage.Text);
            else
                RunAsync(arguments).GetAwaiter().GetResult();
            return 0;
        }
        catch (CommandRefusedException refused)
        {
            return Report(refused.Message, refused.ExitCode, refused.ShowsUsage ? s_usage : null);
        }
        catch (Exception error) when (error is V2RefusedException or JsonException)
        {
            return Report(error is JsonException ? $"--from or --to is no server of v2 keys: {error.Message}" : error.Message, 1, null);
        }
    }

    private static async Task RunAsync(CommandArguments arguments)
    {
        if (arguments.Others.Count > 0)
            throw CommandRefusedException.Usage($"unexpected argument: {arguments.Others[0]}");
        var (from, to) = (arguments.Text("prefix"), arguments.Text("dest-prefix"));
        var (source, target) = (FolderOf("from", arguments, from), FolderOf("to", arguments, to.Length > 0 ? to : from));
        if (source == target)
            throw CommandRefusedException.Failure("--from and --to are the same");

        using var stop = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var sourceEndpoint = new V2Endpoint(source, MostAnswerBytes);
        using var targetEndpoint = new V2Endpoint(target, MostAnswerBytes);
        var mirror = new TreeMirror(sourceEndpoint, KeyPath.Clean(from), targetEndpoint, TimeProvider.System, Console.Out, Console.Error);
        try
        {
            await mirror.CopyAsync(stop.Token).ConfigureAwait(false);
            if (!arguments.Bool("once"))
                await mirror.FollowAsync(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Out.WriteLineAsync($"stopped at index {mirror.Index}").ConfigureAwait(false);
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static Uri FolderOf(string flag, CommandArguments arguments, string prefix)
    {
        if (arguments.Text(flag).Length == 0)
            throw CommandRefusedException.Usage($"required flag(s) \"{flag}\" not set");
        return V2Endpoint.UrlOf(arguments.Text(flag)) is { } url
            ? new Uri(url, "/v2/keys" + KeyPath.Escaped(KeyPath.Clean(prefix)))
            : throw CommandRefusedException.Failure($"--{flag} must be a URL, http://host:port");
    }

    private static int Report(string message, int exitCode, CommandUsage? usage)
    {
        Console.Error.WriteLine($"Error: {message}");
        if (usage is not null)
            Console.Error.WriteLine($"{usage.Text}\nError: {message}");
        return exitCode;
    }
}
