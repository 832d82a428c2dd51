using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Hosting.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hosting.Tests.Buffers;

public sealed class BlockPoolTests : IDisposable
{
    private readonly BlockPool _pool = new();

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(BlockPool.BlockBytes)]
    public void Rent_UpToABlock_IsOne(int bytes)
    {
        using var block = _pool.Rent(bytes);
        Assert.Equal(BlockPool.BlockBytes, block.Memory.Length);
    }

    [Fact]
    public void Rent_MoreThanABlock_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => _pool.Rent(BlockPool.BlockBytes + 1));

    [Fact]
    public void Rent_SeveralAtOnce_AreDifferent()
    {
        var blocks = Rent(5);
        Fill(blocks);
        Assert.All(blocks.Index(), one => Assert.Equal((byte)one.Index, one.Item.Memory.Span[^1]));
    }

    [Fact]
    public void Rent_WhatCameBack_IsTakenAgain()
    {
        var blocks = Rent(5);
        Return(blocks);
        Assert.Equal(5, _pool.Free);
        Assert.Equal(blocks.ToHashSet(), Rent(5).ToHashSet());
        Assert.Equal(0, _pool.Free);
    }

    /// <summary>The one that a cache most likely holds; asked for on whatever processor the thread is meanwhile, so a few misses are allowed.</summary>
    [Fact]
    public void Rent_AfterReturns_IsTheLastReturned()
    {
        Return(Rent(5));
        var hits = 0;
        for (var i = 0; i < 100; i++)
        {
            var (one, other) = (_pool.Rent(), _pool.Rent());
            other.Dispose();
            one.Dispose();
            using var next = _pool.Rent();
            hits += ReferenceEquals(one, next) ? 1 : 0;
        }
        Assert.True(hits > 50, $"{hits} of 100");
    }

    [Fact]
    public void Dispose_Twice_GivesBackOnce()
    {
        var block = _pool.Rent();
        block.Dispose();
        block.Dispose();
        Assert.Equal(1, _pool.Free);
        Assert.NotSame(_pool.Rent(), _pool.Rent());
    }

    /// <summary>Kestrel disposes of the pool of each port; connections may still have blocks of it.</summary>
    [Fact]
    public void Dispose_OfThePool_LeavesItUsable()
    {
        var block = _pool.Rent();
        _pool.Dispose();
        block.Dispose();
        Assert.Same(block, _pool.Rent());
    }

    [Fact]
    public void Trim_WhatNobodyNeeds_GoesByHalves()
    {
        Return(Rent(100));
        _pool.Trim();
        Assert.Equal(100, _pool.Free); // all of them were needed just now
        _pool.Trim();
        Assert.InRange(_pool.Free, 40, 50);
        for (var i = 0; i < 10; i++)
            _pool.Trim();
        Assert.Equal(0, _pool.Free);
    }

    [Fact]
    public void Trim_WhatIsNeededInBetween_Stays()
    {
        var blocks = Rent(10);
        Return(blocks);
        for (var i = 0; i < 20; i++)
        {
            Return(Rent(10));
            _pool.Trim();
        }
        Assert.Equal(blocks.ToHashSet(), Rent(10).ToHashSet());
    }

    /// <summary>Goal: a block is never in two hands, whoever takes, returns and trims at the same time.</summary>
    [Fact]
    public async Task Rent_ByManyThreads_NeverHandsOutABlockTwice()
    {
        using var trimming = new CancellationTokenSource();
        var trimmer = Task.Run(() =>
        {
            while (!trimming.IsCancellationRequested)
                _pool.Trim();
        });
        var workers = Enumerable.Range(1, 4).Select(worker => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                using var one = _pool.Rent();
                using var two = _pool.Rent();
                one.Memory.Span[0] = two.Memory.Span[0] = (byte)worker;
                Thread.Yield();
                if (one.Memory.Span[0] != worker || two.Memory.Span[0] != worker)
                    throw new InvalidOperationException("somebody else has it, too");
            }
        })).ToArray();
        try
        {
            await Task.WhenAll(workers).WaitAsync(TimeSpan.FromSeconds(60));
        }
        finally
        {
            await trimming.CancelAsync();
            await trimmer;
        }
    }

    [Fact]
    public void Factory_WhenItsTimerRings_Trims()
    {
        var time = new RingingTime();
        using var factory = new BlockPoolFactory(time);
        var pool = (BlockPool)factory.Create();
        Assert.Same(pool, factory.Create());
        pool.Rent().Dispose();
        Assert.Equal((BlockPoolFactory.TrimInterval, BlockPoolFactory.TrimInterval), time.Asked);
        time.Ring();
        time.Ring();
        Assert.Equal(0, pool.Free);
    }

    /// <summary>Goal: connections of our processes do use it.</summary>
    [Fact]
    public async Task Host_ItsConnections_UseThePool()
    {
        var builder = ServiceHost.CreateBuilder([]);
        builder.AddProcessDefaults("test", LogLevel.Error);
        var used = new TaskCompletionSource<MemoryPool<byte>>(TaskCreationOptions.RunContinuationsAsynchronously);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, port => port.Use((ConnectionDelegate _) => connection =>
        {
            used.SetResult(connection.Features.GetRequiredFeature<IMemoryPoolFeature>().MemoryPool);
            return Task.CompletedTask;
        })));
        await using var app = builder.Build();
        await app.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.Single()).Port);
        var pool = await used.Task.WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Same(app.Services.GetRequiredService<IMemoryPoolFactory<byte>>().Create(), Assert.IsType<BlockPool>(pool));
    }

    private IMemoryOwner<byte>[] Rent(int count) => [.. Enumerable.Range(0, count).Select(_ => _pool.Rent())];

    private static void Return(IMemoryOwner<byte>[] blocks) => Array.ForEach(blocks, static block => block.Dispose());

    private static void Fill(IMemoryOwner<byte>[] blocks)
    {
        foreach (var (i, block) in blocks.Index())
            block.Memory.Span.Fill((byte)i);
    }

    private sealed class RingingTime : TimeProvider
    {
        private Action? _ring;

        public (TimeSpan Due, TimeSpan Period) Asked { get; private set; }

        public void Ring() => _ring!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (Asked, _ring) = ((dueTime, period), () => callback(state));
            return System.CreateTimer(static _ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
