using Standalone.Flags;
using Standalone.Member;
using Storage.Host;

namespace Standalone;

/// <summary><c>standalone check</c>: looks at the data file of a member that is not running.</summary>
internal static class CheckCommand
{
    public const string Verb = "check";

    /// <param name="args">What follows the verb: <c>--data-dir</c>, and whatever else a start takes, without effect.</param>
    /// <param name="environment">Variables, as for a start.</param>
    /// <returns>The exit code, see <see cref="DataCheck.Run"/>.</returns>
    public static int Run(IEnumerable<string> args, IReadOnlyDictionary<string, string> environment)
    {
        var commandLine = FlagParser.Parse([.. args], environment);
        if (commandLine.Action != CommandLineAction.Serve)
        {
            Console.Out.Write(UsageText.Lines);
            return 0;
        }
        var flags = commandLine.Flags;
        return DataCheck.Run(MemberOptions.StorageDirOf(MemberVerification.DataDirOf(flags)), Console.Out, Console.Error);
    }
}
