<?php
// phpredis: MULTI and WATCH, pipelines, SCAN, the handler of PHP's sessions, and database 1 as Laravel uses it for its
// cache: values with a prefix and a time, counters, tags in sorted sets, and a flush of that database alone.
//
//   php phpredis.php HOST:PORT

function same($got, $want)
{
    if ($got !== $want) {
        throw new Exception(var_export($got, true) . ', want ' . var_export($want, true));
    }
}

[$host, $port] = explode(':', $argv[1]);

function connect(): Redis
{
    global $host, $port;
    $redis = new Redis();
    $redis->connect($host, (int) $port);
    return $redis;
}

$steps = [
    'session handler' => function () {
        global $host, $port;
        ini_set('session.save_handler', 'redis');
        ini_set('session.save_path', "tcp://$host:$port");
        ini_set('session.use_cookies', '0');
        session_id('visitor7');
        session_start();
        $_SESSION['cart'] = [1, 2];
        session_write_close();
        $_SESSION = [];
        session_start();
        same($_SESSION['cart'], [1, 2]);
        same(connect()->ttl('PHPREDIS_SESSION:visitor7') > 0, true);
        session_destroy();
        same(connect()->exists('PHPREDIS_SESSION:visitor7'), 0);
    },
    'multi' => function () {
        $r = connect();
        same($r->multi()->set('php:a', '1')->incr('php:a')->get('php:a')->exec(), [true, 2, '2']);
        $r->multi()->set('php:a', '5')->discard();
        same($r->get('php:a'), '2');
        $r->watch('php:a');
        connect()->set('php:a', '9');
        same($r->multi()->set('php:a', '7')->exec(), false);
        same($r->get('php:a'), '9');
    },
    'pipeline' => function () {
        $r = connect();
        $r->pipeline();
        for ($i = 0; $i < 100; $i++) {
            $r->hSet('php:hash', "f$i", "v$i");
        }
        same(count($r->exec()), 100);
        same($r->hGet('php:hash', 'f42'), 'v42');
        $found = 0;
        $cursor = null;
        while (($part = $r->hScan('php:hash', $cursor)) !== false) {
            $found += count($part);
        }
        same($found, 100);
    },
    'laravel cache' => function () {
        $cache = connect();
        same($cache->select(1), true);
        $cache->setOption(Redis::OPT_PREFIX, 'laravel_cache:');
        same($cache->setex('users', 600, serialize(['alice', 'bob'])), true);
        same(unserialize($cache->get('users')), ['alice', 'bob']);
        same($cache->incrBy('visits', 5), 5);
        same($cache->mGet(['visits', 'missing']), ['5', false]);
        same($cache->zAdd('tag:people:entries', time() + 600, 'users'), 1);
        same($cache->zRange('tag:people:entries', 0, -1), ['users']);
        same($cache->zRemRangeByScore('tag:people:entries', '0', (string) time()), 0);
        $other = connect();
        same($other->get('laravel_cache:visits'), false);
        $other->set('php:stays', '1');
        same($cache->flushDB(), true);
        same($cache->dbSize(), 0);
        same($other->get('php:stays'), '1');
    },
    'sessions in hashes' => function () {
        $r = connect();
        same($r->hMSet('php:session', ['id' => '7', 'name' => 'bob']), true);
        same($r->expire('php:session', 1440), true);
        same($r->hGetAll('php:session')['name'], 'bob');
        same($r->hIncrByFloat('php:session', 'spent', 1.25), 1.25);
        same($r->unlink('php:session'), 1);
    },
];
foreach ($steps as $name => $step) {
    $step();
    fwrite(STDOUT, "done $name\n"); // echo would end the time in which a session may begin
}
