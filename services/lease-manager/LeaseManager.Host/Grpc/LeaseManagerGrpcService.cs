using System.Threading.Channels;
using Consensus.Contracts;
using Grpc.Core;
using LeaseManager.Client.Wire;
using LeaseManager.Contracts;
using WireManager = LeaseManager.Client.Wire.LeaseManager;

namespace LeaseManager.Host.Grpc;

/// <summary>The lease manager's gRPC binding: of the manager of this process, never of one that routes to others.</summary>
public sealed class LeaseManagerGrpcService(LeaseManagerService manager, IHostApplicationLifetime lifetime) : WireManager.LeaseManagerBase
{
    // Keep-alives of one stream that wait for an answer or to be sent; beyond it no more are read from the stream.
    private const int MaxOpen = 65_536;
    private const int MaxBatch = 1024;

    public override async Task KeepAlive(
        IAsyncStreamReader<KeepAliveBatch> requestStream, IServerStreamWriter<KeepAliveAnswers> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        using var room = new SemaphoreSlim(MaxOpen, MaxOpen);
        var answers = Channel.CreateBounded<KeepAliveAnswer>(new BoundedChannelOptions(MaxOpen) { SingleReader = true });
        var sending = SendAsync(answers.Reader, responseStream, room, ending);
        try
        {
            while (await requestStream.MoveNext(ending.Token))
            {
                foreach (var request in requestStream.Current.Requests)
                {
                    await room.WaitAsync(ending.Token);
                    await AnswerAsync(request, answers.Writer, ending.Token);
                }
            }
            // The client asks no more; what it waits for it still gets: all room is back when all is answered.
            for (var n = 0; n < MaxOpen; n++)
                await room.WaitAsync(ending.Token);
        }
        catch (Exception gone) when (ending.IsCancellationRequested && (gone is OperationCanceledException or IOException))
        {
            // The client left, or this process is stopping: nobody is there to tell.
        }
        finally
        {
            answers.Writer.TryComplete();
            await ending.CancelAsync();
            await sending;
        }
    }

    public override async Task<TimeToLiveAnswer> TimeToLive(TimeToLiveRequest request, ServerCallContext context)
    {
        try
        {
            var result = await manager.TimeToLiveAsync(request.LeaseId, new LogIndex(request.MinApplied), context.CancellationToken);
            return new TimeToLiveAnswer
            {
                RemainingSeconds = result.RemainingSeconds,
                GrantedSeconds = result.GrantedSeconds,
                Revision = result.Revision,
                Term = result.Term.Value,
            };
        }
        catch (LeaseManagerNotActiveException notActive)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, notActive.Message));
        }
    }

    public override async Task<ListAnswer> List(ListRequest request, ServerCallContext context)
    {
        try
        {
            var result = await manager.ListAsync(new LogIndex(request.MinApplied), context.CancellationToken);
            return new ListAnswer { Ids = { result.Ids }, Revision = result.Revision, Term = result.Term.Value };
        }
        catch (LeaseManagerNotActiveException notActive)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, notActive.Message));
        }
    }

    // Waits only for what is not known yet, and not here: the stream goes on with the next one.
    private ValueTask AnswerAsync(KeepAliveRequest request, ChannelWriter<KeepAliveAnswer> answers, CancellationToken ending)
    {
        var asked = manager.KeepAliveAsync(request.LeaseId, new LogIndex(request.MinApplied), ending);
        if (asked.IsCompletedSuccessfully)
            return answers.WriteAsync(Answer(request, asked.Result), ending);
        _ = AnswerLaterAsync(request, asked, answers);
        return ValueTask.CompletedTask;
    }

    private static async Task AnswerLaterAsync(
        KeepAliveRequest request, ValueTask<KeepAliveResult> asked, ChannelWriter<KeepAliveAnswer> answers)
    {
        KeepAliveAnswer answer;
        try
        {
            answer = Answer(request, await asked);
        }
        catch (LeaseManagerNotActiveException notActive)
        {
            answer = new KeepAliveAnswer { RequestId = request.RequestId, NotActive = notActive.Message };
        }
        catch (OperationCanceledException)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever it was, the client must not wait for this answer for ever.
        catch (Exception failed)
#pragma warning restore CA1031
        {
            answer = new KeepAliveAnswer { RequestId = request.RequestId, NotActive = failed.Message };
        }
        // There is room: no more are open than it holds. After the end of the stream it is of no use to anyone.
        answers.TryWrite(answer);
    }

    private static KeepAliveAnswer Answer(KeepAliveRequest request, in KeepAliveResult result) => new()
    {
        RequestId = request.RequestId,
        TtlSeconds = result.TtlSeconds,
        Revision = result.Revision,
        Term = result.Term.Value,
    };

    private static async Task SendAsync(
        ChannelReader<KeepAliveAnswer> answers, IServerStreamWriter<KeepAliveAnswers> responses, SemaphoreSlim room,
        CancellationTokenSource ending)
    {
        try
        {
            while (await answers.WaitToReadAsync(ending.Token))
            {
                var batch = new KeepAliveAnswers();
                while (batch.Answers.Count < MaxBatch && answers.TryRead(out var answer))
                    batch.Answers.Add(answer);
                await responses.WriteAsync(batch, ending.Token);
                room.Release(batch.Answers.Count);
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The client left: stop reading from it too.
            await ending.CancelAsync();
        }
    }
}
