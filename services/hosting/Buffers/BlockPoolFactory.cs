using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Hosting.Buffers;

/// <summary>One <see cref="BlockPool"/> for all ports of a process, trimmed every ten seconds.</summary>
internal sealed class BlockPoolFactory : IMemoryPoolFactory<byte>, IDisposable
{
    public static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(10);

    private readonly BlockPool _pool = new();
    private readonly ITimer _trimming;

    public BlockPoolFactory(TimeProvider time) => _trimming = time.CreateTimer(static pool => ((BlockPool)pool!).Trim(), _pool, TrimInterval, TrimInterval);

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => _pool;

    public void Dispose() => _trimming.Dispose();
}
