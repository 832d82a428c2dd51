using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Bench.Servers;

/// <summary>Signals to processes that this one started.</summary>
internal static partial class Signals
{
    public const int Kill = 9, Terminate = 15, Continue = 18, Stop = 19;

    /// <summary>Sends one.</summary>
    /// <exception cref="Win32Exception">There is no such process.</exception>
    public static void Send(int processId, int signal)
    {
        if (SendTo(processId, signal) != 0)
            throw new Win32Exception();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendTo(int processId, int signal);
}
