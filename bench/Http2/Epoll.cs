using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Bench.Http2;

/// <summary>Linux's epoll, level-triggered. .NET's own event loop would hand every readiness to the thread pool: one more thread hop per read.</summary>
internal sealed partial class Epoll : IDisposable
{
    public const uint Readable = 0x1;
    public const uint Writable = 0x4;

    private const int AddOperation = 1;
    private const int ModifyOperation = 3;
    private const int MaxEvents = 256;
    private const int InterruptedError = 4;

    // struct epoll_event is packed on x86-64 and naturally aligned elsewhere.
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventBytes - 8;

    private readonly int _handle;
    private readonly byte[] _events = new byte[MaxEvents * 16];

    public Epoll()
    {
        const int CloseOnExec = 0x80000;
        _handle = Create(CloseOnExec);
        if (_handle < 0)
            throw new Win32Exception();
    }

    /// <summary>Watches a descriptor; <paramref name="token"/> comes back with its events.</summary>
    public void Add(int descriptor, uint interest, int token) => Set(AddOperation, descriptor, interest, token);

    public void Modify(int descriptor, uint interest, int token) => Set(ModifyOperation, descriptor, interest, token);

    /// <summary>Waits for events, at most <paramref name="timeoutMs"/>; how many there are.</summary>
    public int Wait(int timeoutMs)
    {
        var count = Wait(_handle, _events, MaxEvents, timeoutMs);
        if (count >= 0)
            return count;
        return Marshal.GetLastPInvokeError() == InterruptedError ? 0 : throw new Win32Exception();
    }

    /// <summary>The event at <paramref name="index"/> of the last wait. Errors and hang-ups show as readable: the read then reports them.</summary>
    public (int Token, bool IsWritable) EventAt(int index)
    {
        var entry = _events.AsSpan(index * EventBytes);
        return (BinaryPrimitives.ReadInt32LittleEndian(entry[DataOffset..]), (BinaryPrimitives.ReadUInt32LittleEndian(entry) & Writable) != 0);
    }

    public void Dispose() => _ = Close(_handle);

    private void Set(int operation, int descriptor, uint interest, int token)
    {
        Span<byte> entry = stackalloc byte[16];
        entry.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(entry, interest);
        BinaryPrimitives.WriteInt32LittleEndian(entry[DataOffset..], token);
        if (Control(_handle, operation, descriptor, entry) != 0)
            throw new Win32Exception();
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int handle, int operation, int descriptor, Span<byte> entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Wait(int handle, [Out] byte[] events, int maxEvents, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
