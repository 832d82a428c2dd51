using System.Runtime.InteropServices;

namespace Standalone;

/// <summary>
/// Ends the process the way etcd does: after a graceful stop it dies of the very signal that asked for it, so that a shell shows 143 or 130 and a
/// supervisor sees a termination it ordered. Process 1 of a container cannot die of a signal and exits with 0.
/// </summary>
internal sealed partial class TerminationSignal : IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _received;

    /// <param name="onSignal">Called once for each signal, on a thread of the runtime: asks the host to stop.</param>
    public TerminationSignal(Action<PosixSignal> onSignal)
    {
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGTERM, PosixSignal.SIGINT])
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true; // The default would end the process at once.
                Volatile.Write(ref _received, signal == PosixSignal.SIGTERM ? Native.SigTerm : Native.SigInt);
                onSignal(context.Signal);
            }));
        }
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }

    /// <summary>Call last. Does not return when the process was told to stop by a signal, unless it cannot die of it.</summary>
    public void DieOfIt()
    {
        var signal = Volatile.Read(ref _received);
        if (signal == 0 || Environment.ProcessId == 1 || OperatingSystem.IsWindows())
            return;
        Console.Out.Flush();
        _ = Native.SetHandler(signal, Native.Default);
        _ = Native.Kill(Environment.ProcessId, signal);
        // The signal is delivered before or shortly after the call returns; nothing must run meanwhile.
        Thread.Sleep(Timeout.Infinite);
    }

    private static partial class Native
    {
        public const int SigInt = 2, SigTerm = 15;
        public const nint Default = 0;

        [LibraryImport("libc", EntryPoint = "signal")]
        public static partial nint SetHandler(int signal, nint handler);

        [LibraryImport("libc", EntryPoint = "kill")]
        public static partial int Kill(int processId, int signal);
    }
}
