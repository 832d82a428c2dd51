using Linearizability.History;
using Linearizability.Keys;

namespace Linearizability.Tests.Support;

/// <summary>A correct store under a seed: clients call, the store does each request at some moment between call and return, some answers are lost.</summary>
internal sealed class SimulatedStore(int seed, int clients, int keys, double lossProbability = 0, bool tellsBefore = true)
{
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, KeyRecord> _records = [];
    private readonly List<Operation<KeyRequest, KeyAnswer>> _history = [];
    private long _time;
    private long _revision = 1;

    public List<Operation<KeyRequest, KeyAnswer>> Run(int operationsPerClient)
    {
        var pending = new Pending?[clients];
        var left = new int[clients];
        Array.Fill(left, operationsPerClient);
        var active = Enumerable.Range(0, clients).ToList();
        while (active.Count > 0)
        {
            _time++;
            var at = _random.Next(active.Count);
            var client = active[at];
            if (pending[client] is not { } operation)
            {
                if (left[client]-- == 0)
                    active.RemoveAt(at);
                else
                    pending[client] = new(NextRequest(client, left[client]), _time, null, false);
            }
            else if (operation.Answer is null && !operation.IsDone)
            {
                var reached = _random.NextDouble() >= lossProbability / 2; // Half of the lost requests never arrive.
                pending[client] = operation with { Answer = reached ? Do(operation.Request) : null, IsDone = true };
            }
            else
            {
                pending[client] = null;
                if (operation.Answer is { } answer && _random.NextDouble() >= lossProbability / 2)
                    _history.Add(Operation.Decided(client, operation.Request, answer, operation.Call, _time));
                else
                    _history.Add(Operation.Undecided<KeyRequest, KeyAnswer>(client, operation.Request, operation.Call));
            }
        }
        return _history;
    }

    private KeyRequest NextRequest(int client, int number)
    {
        var key = $"k{_random.Next(keys)}";
        var value = $"{client}-{number}";
        var current = _records.TryGetValue(key, out var record) ? record : (KeyRecord?)null;
        return _random.Next(10) switch
        {
            0 => new(RequestKind.Delete, key),
            1 => new(RequestKind.Swap, key, value),
            2 or 3 => new(RequestKind.PutIfValue, key, value, current?.Value ?? "nothing"),
            4 => new(RequestKind.PutIfModRevision, key, value, null, current?.ModRevision ?? 0),
            5 or 6 or 7 => new(RequestKind.Put, key, value),
            _ => new(RequestKind.Get, key),
        };
    }

    private KeyAnswer Do(KeyRequest request)
    {
        var before = _records.TryGetValue(request.Key, out var record) ? record : (KeyRecord?)null;
        var writes = request.Kind switch
        {
            RequestKind.Get => false,
            RequestKind.Delete => before is not null,
            RequestKind.PutIfValue => before?.Value == request.ExpectedValue,
            RequestKind.PutIfModRevision => (before?.ModRevision ?? 0) == request.ExpectedModRevision,
            _ => true,
        };
        if (writes)
        {
            _revision++;
            if (request.Kind == RequestKind.Delete)
                _records.Remove(request.Key);
            else
                _records[request.Key] = new(request.Value!, before?.CreateRevision ?? _revision, _revision, (before?.Version ?? 0) + 1);
        }
        return new(_revision, writes, tellsBefore || !writes, tellsBefore || !writes ? before : null);
    }

    private readonly record struct Pending(KeyRequest Request, long Call, KeyAnswer? Answer, bool IsDone);
}
