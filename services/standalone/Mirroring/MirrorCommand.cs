using System.Runtime.InteropServices;
using System.Text.Json;
using Standalone.Snapshots;
using Standalone.V2;

namespace Standalone.Mirroring;

/// <summary><c>standalone mirror-v2</c>: copies the v2 keys of one server, or of a snapshot file, to another server, and follows what changes there.</summary>
internal static class MirrorCommand
{
    /// <summary>First argument of the command line.</summary>
    public const string Name = "mirror-v2";

    // What a list of all keys may come to: well below what an array can hold.
    private const long MostAnswerBytes = 1024 * 1024 * 1024;

    private static readonly CommandUsage s_usage = new(
        $"standalone {Name} (--from <url> | --from-snapshot <file>) --to <url> [flags]",
        [
            new("from", CommandFlagKind.Text, "", "server whose v2 keys are copied, http://host:port"),
            new(
                "from-snapshot", CommandFlagKind.Text, "",
                "instead of --from: file of etcd's member/snap/*.snap, the newest of a member; what happened since lies in its log and is not read: restart the member with --snapshot-count 1, and write once"),
            new("to", CommandFlagKind.Text, "", "server that gets them, http://host:port"),
            new("prefix", CommandFlagKind.Text, "/", "directory to copy"),
            new("dest-prefix", CommandFlagKind.Text, "", "directory to copy it to (default: the same)"),
            new("with-roles", CommandFlagKind.Bool, "false", "copy the roles, too, and say how the users are made: their passwords cannot be read"),
            new("once", CommandFlagKind.Bool, "false", "end when all is copied, do not follow what changes"),
        ]);

    /// <summary>Runs it; returns the exit code. SIGTERM and SIGINT end a mirror with 0, a copy that is not complete with 1.</summary>
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
        catch (Exception error) when (error is V2RefusedException or V2AccessRefusedException or JsonException)
        {
            return Report(error is JsonException ? $"--from or --to is no server of v2 keys: {error.Message}" : error.Message, 1, null);
        }
    }

    private static async Task RunAsync(CommandArguments arguments)
    {
        if (arguments.Others.Count > 0)
            throw CommandRefusedException.Usage($"unexpected argument: {arguments.Others[0]}");
        if (arguments.Text("from").Length > 0 && arguments.Text("from-snapshot").Length > 0)
            throw CommandRefusedException.Usage("--from and --from-snapshot are two sources: give one");
        using var stop = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        if (arguments.Text("from-snapshot") is { Length: > 0 } file)
            await ImportAsync(arguments, file, stop.Token).ConfigureAwait(false);
        else
            await MirrorAsync(arguments, stop.Token).ConfigureAwait(false);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task ImportAsync(CommandArguments arguments, string file, CancellationToken stop)
    {
        var target = TargetOf(arguments);
        var (tree, access) = ReadSnapshot(file, arguments.Text("prefix"), arguments.Bool("with-roles"));
        using var endpoint = new V2Endpoint(target, MostAnswerBytes);
        try
        {
            var writes = new PersistentEndpoint(endpoint, TimeProvider.System, Console.Error);
            var writer = new TreeWriter(writes, new Endings(TimeProvider.System), TimeProvider.System);
            await Console.Out.WriteLineAsync(TreeMirror.Copied(await writer.CopyAsync(tree, stop).ConfigureAwait(false), tree.Index)).ConfigureAwait(false);
            if (access is not null)
                await new AccessCopy(writes, Console.Out).WriteAsync(access, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw CommandRefusedException.Failure("stopped before all was copied");
        }
    }

    private static async Task MirrorAsync(CommandArguments arguments, CancellationToken stop)
    {
        var from = arguments.Text("prefix");
        var (source, target) = (FolderOf("from", arguments, from), TargetOf(arguments));
        if (source == target)
            throw CommandRefusedException.Failure("--from and --to are the same");
        using var sourceEndpoint = new V2Endpoint(source, MostAnswerBytes);
        using var targetEndpoint = new V2Endpoint(target, MostAnswerBytes);
        var endings = new Endings(TimeProvider.System);
        var (reads, writes) = (new PersistentEndpoint(sourceEndpoint, TimeProvider.System, Console.Error), new PersistentEndpoint(targetEndpoint, TimeProvider.System, Console.Error));
        var mirror = new TreeMirror(reads, KeyPath.Clean(from), new TreeWriter(writes, endings, TimeProvider.System), endings, Console.Out);
        try
        {
            await mirror.CopyAsync(stop).ConfigureAwait(false);
            if (arguments.Bool("with-roles"))
                await new AccessCopy(writes, Console.Out).WriteAsync(await AccessCopy.OfAsync(reads, stop).ConfigureAwait(false), stop).ConfigureAwait(false);
            if (!arguments.Bool("once"))
                await mirror.FollowAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Out.WriteLineAsync($"stopped at index {mirror.Index}").ConfigureAwait(false);
        }
    }

    private static (SourceTree Tree, V2Access? Access) ReadSnapshot(string file, string prefix, bool withRoles)
    {
        try
        {
            var state = SnapFile.ReadState(file);
            var tree = StoreDump.Read(state, KeyPath.Clean(prefix), TimeProvider.System.GetUtcNow()) ?? throw CommandRefusedException.Failure($"{file} has nothing at {prefix}");
            return (tree, withRoles ? StoreDump.ReadAccess(state) : null);
        }
        catch (JsonException error)
        {
            throw CommandRefusedException.Failure($"{file} is no snapshot of etcd's, or is damaged: {error.Message}");
        }
    }

    private static Uri TargetOf(CommandArguments arguments) =>
        FolderOf("to", arguments, arguments.Text("dest-prefix") is { Length: > 0 } prefix ? prefix : arguments.Text("prefix"));

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
