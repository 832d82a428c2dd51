using Storage.Core.Bolt;

namespace Standalone.Snapshots;

/// <summary>The commands that work on a saved snapshot: <c>snapshot restore</c> and <c>snapshot status</c>, with etcdutl's flags, outputs and exit codes.</summary>
internal static class SnapshotCommand
{
    /// <summary>First argument of the command line.</summary>
    public const string Name = "snapshot";

    /// <summary>In the help of each command.</summary>
    public static readonly CommandFlag WriteOut =
        new("write-out", CommandFlagKind.Text, "simple", "set the output format (fields, json, simple, table)") { Letter = 'w' };

    /// <summary>Runs it; returns the exit code.</summary>
    /// <param name="args">What follows the first argument.</param>
    public static int Run(IReadOnlyList<string> args)
    {
        var command = args.Count == 0 ? "" : args[0];
        var usage = command switch
        {
            "restore" => RestoreCommand.Usage,
            "status" => StatusCommand.Usage,
            _ => null,
        };
        if (usage is null)
        {
            Console.Out.Write(Help);
            return 0;
        }
        try
        {
            var arguments = CommandArguments.Parse([.. args.Skip(1)], usage.Flags);
            if (arguments.WantsHelp)
                Console.Out.Write(usage.Text);
            else if (command == "restore")
                RestoreCommand.RunAsync(arguments).GetAwaiter().GetResult();
            else
                StatusCommand.Run(arguments);
            return 0;
        }
        catch (CommandRefusedException refused)
        {
            return Report(refused.Message, refused.ExitCode, refused.ShowsUsage ? usage : null);
        }
        // What is wrong with the file or the disk is said in one line.
        catch (Exception error) when (error is BoltDamagedException or IOException or UnauthorizedAccessException or InvalidDataException or FormatException)
        {
            return Report(error.Message, 1, null);
        }
    }

    /// <summary>Opens the file that the command is about.</summary>
    public static T Open<T>(string verb, string path, Func<string, T> open)
    {
        try
        {
            return open(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CommandRefusedException.Failure($"{verb} {path}: no such file or directory");
        }
    }

    private static string Help { get; } =
        """
        Usage:
          standalone snapshot [command]

        Available Commands:
          restore     Restores an etcd member snapshot to a data directory
          status      Gets backend snapshot status of a given file

        Use "standalone snapshot [command] --help" for more information about a command.

        """;

    private static int Report(string message, int exitCode, CommandUsage? usage)
    {
        Console.Error.WriteLine($"Error: {message}");
        if (usage is not null)
            Console.Error.WriteLine($"{usage.Text}\nError: {message}");
        return exitCode;
    }
}
