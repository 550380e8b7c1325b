# Lets Redis's own test suite run against a server that it did not start, where its external mode alone would give up.
# The script `run` starts this file in place of the suite's tests/test_helper.tcl, inside a copy of Redis's tree;
# nothing of that copy is changed. These things are different from what the suite does by itself:
#
#  1. What a unit prepares outside of a test (it fills a list, forgets all functions, sets a parameter) ends the whole
#     unit if the server refuses it. Here a refusal of what does not exist is printed as [unprepared] and passed over.
#     A test that needed it fails, and has its line in the list of what is skipped. Inside of tests only calls that
#     change how Redis keeps its data are passed over. DEBUG SET-ACTIVE-EXPIRE 0 has it leave keys that are expired,
#     which are absent all the same; DEBUG QUICKLIST-PACKED-THRESHOLD has it cut lists in another way; and CONFIG SET
#     appendonly and aof-use-rdb-preamble have it write other files.
#  2. With SUITE_OWNS_SERVER=1, tests run that the suite keeps from servers of other people: they set a password or the
#     number of clients, and count all that happens. The script's nodes are there for nothing else.
#  3. DEBUG RELOAD and DEBUG LOADAOF restart the node, which the script starts again: it loads its snapshot and its log.
#     Before RELOAD the node takes a snapshot. So what the suite tests there is the way by which data really come back.
#  4. In the tests of the file SUITE_UNJUDGED, a claim of how a value lies in memory that does not hold is printed as
#     [unjudged], and the test goes on: see skip.txt.

rename source source_file
set adapter [file normalize [info script]]

# source is how the suite reads its parts; each is adapted as soon as it is there.
proc source {path} {
    uplevel 1 [list source_file $path]
    switch $path {
        tests/support/redis.tcl {adapt_clients}
        tests/support/server.tcl {adapt_tags}
        tests/support/test.tcl {adapt_encodings}
        tests/support/util.tcl {
            # The suite starts itself once more, by the name of its script, as the process that runs the tests.
            info script $::adapter
        }
    }
}

# inward are the calls that only change how Redis keeps its data.
set inward {^(config set (appendonly|aof-use-rdb-preamble)|debug (set-active-expire|quicklist-packed-threshold)) }

proc adapt_clients {} {
    rename ::redis::__dispatch__ ::redis::dispatch_unadapted
    proc ::redis::__dispatch__ {id method args} {
        set way [expr {[string equal -nocase $method debug] ? [string tolower [lindex $args 0]] : ""}]
        if {$way in {reload loadaof}} {
            restart_node $id [string equal $way reload]
            return OK
        }
        set code [catch {uplevel 1 [list ::redis::dispatch_unadapted $id $method {*}$args]} result options]
        if {$code == 1 && [absent $result $::cur_test]} {
            puts "\[unprepared\]: $method $args: $result"
            return ""
        }
        if {$code == 1 && [regexp -nocase $::inward "$method $args"]} {
            puts "\[unprepared\]: $method $args: $result"
            return OK
        }
        return -options $options $result
    }
}

# absent tells the errors by which a server says that it has no such thing, and that are passed over at this place.
proc absent {error test} {
    if {$test ne ""} {return 0}
    set patterns {
        "ERR unknown command*" "ERR unknown subcommand*" "ERR Unknown option or number of arguments for CONFIG SET*"
        "ERR CONFIG SET failed*this node has no other value for it"
    }
    foreach pattern $patterns {
        if {[string match -nocase $pattern $error]} {return 1}
    }
    return 0
}

# restart_node has the node of a client restart, and connects the client again, to the same database and in the same
# protocol. The settings that the test made are kept in the file of the node.
proc restart_node {id snapshot} {
    lassign $::redis::addr($id) host port
    set control [redis $host $port]
    if {$snapshot} {$control save}
    $control config rewrite
    regexp {process_id:(\d+)} [$control info server] -> before
    set leads [string match *raft_role:leader* [$control info raft]]
    catch {$control shutdown}
    $control close
    set serves 0
    for {set tries 0} {!$serves && $tries < 600} {incr tries} {
        after 50
        catch {
            set control [redis $host $port]
            $control get restarted
            regexp {process_id:(\d+)} [$control info server] -> now
            if {$leads && ![string match *raft_role:leader* [$control info raft]]} {$control cluster failover}
            set serves [expr {$now ne $before && (!$leads || [string match *raft_role:leader* [$control info raft]])}]
            $control close
        }
    }
    if {!$serves} {error "the node on port $port does not serve again"}
    close $::redis::fd($id)
    set ::redis::fd($id) {} ;# the next command connects
    set handle ::redis::redisHandle$id
    if {$::redis::testing_resp3($id)} {$handle hello 3}
    if {!$::singledb} {$handle select 9}
}

proc adapt_encodings {} {
    set file [open $::env(SUITE_UNJUDGED)]
    set ::unjudged [split [string trim [read $file]] "\n"]
    close $file
    rename assert_encoding assert_encoding_unadapted
    proc assert_encoding {encoding key} {
        regsub { in \S+$} $::cur_test {} test
        set found [r object encoding $key]
        if {[string match $encoding $found] || [lsearch -exact $::unjudged $test] < 0} {
            uplevel 1 [list assert_encoding_unadapted $encoding $key]
            return
        }
        puts "\[unjudged\]: $test: $key is $found, not $encoding"
    }
}

proc adapt_tags {} {
    if {![info exists ::env(SUITE_OWNS_SERVER)]} return
    rename tags_acceptable tags_acceptable_unadapted
    proc tags_acceptable {tags why_variable} {
        upvar $why_variable why
        return [tags_acceptable_unadapted [lsearch -all -inline -not -exact $tags external:skip] why]
    }
}

source tests/test_helper.tcl
