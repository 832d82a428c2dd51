using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Bench.Servers;

/// <summary>
/// This program again, with its code compiled as that of a server that has run for a while. The client's way, everything at its first call and never again, has the
/// ahead-of-time code of the framework called where a server's is long inlined: a range of one key took a tenth more.
/// </summary>
internal static class CompiledAsAServer
{
    // ReadyToRun.targets says the same of all hosts.
    private static readonly (string Name, string Value)[] s_settings = [("DOTNET_TieredCompilation", "1"), ("DOTNET_TieredPGO", "0")];

    /// <summary>This process is the one.</summary>
    public static bool IsThis => s_settings.All(static one => Environment.GetEnvironmentVariable(one.Name) == one.Value);

    /// <summary>Runs it to its end, with the same command line; answers its exit code. It gets the signals that this process gets.</summary>
    public static async Task<int> RunAsync()
    {
        var program = Environment.ProcessPath ?? throw new BenchException("cannot find this program's own file");
        string[] words = Environment.GetCommandLineArgs();
        // Started as `dotnet Bench.dll` the first word is needed; the program of its own knows it.
        var start = new ProcessStartInfo(program, words.Skip(Path.GetFileNameWithoutExtension(program) == "dotnet" ? 0 : 1));
        foreach (var (name, value) in s_settings)
            start.Environment[name] = value;
        using var child = Process.Start(start)!;
        // A terminal sends SIGINT to both.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, static context => context.Cancel = true);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            Signals.Send(child.Id, Signals.Terminate);
        });
        await child.WaitForExitAsync().ConfigureAwait(false);
        return child.ExitCode;
    }
}
