package transport

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

func TestAnInvitedNodeSaysWhoItIs(t *testing.T) {
	member, newcomer := start(t, 1), start(t, 2)
	who := Join{Incarnation: 77, Address: "192.0.2.1:16379", Attributes: []byte("attributes")}
	want := Newcomer{NodeID: 2, Join: who}
	newcomer.invite = func(clusterID uint64) (Newcomer, error) {
		if clusterID != testCluster {
			return Newcomer{}, errors.New("of another cluster")
		}
		return want, nil
	}
	got, err := member.transport.Invite(context.Background(), newcomer.address(), testCluster)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("it says %+v, %v", got, err)
	}
	var refusal *Refusal
	_, err = member.transport.Invite(context.Background(), newcomer.address(), testCluster+1)
	if !errors.As(err, &refusal) || refusal.Text != "of another cluster" {
		t.Fatalf("another cluster's member learns: %v", err)
	}
}

func TestAChangeReachesTheLeaderAndItsAnswerComesBack(t *testing.T) {
	member, leader := start(t, 1), start(t, 2)
	body := bytes.Repeat([]byte{7}, 32<<10)
	answers := []Answer{
		{Added: []raftlog.NodeID{4, 5}}, {Reason: "too early"}, {Reason: "not the leader", Redirect: "192.0.2.2:1"}, {},
	}
	for _, want := range answers {
		leader.change = func(clusterID uint64, change []byte) (Answer, error) {
			if clusterID != testCluster || !bytes.Equal(change, body) {
				t.Errorf("cluster %x sends %d bytes", clusterID, len(change))
			}
			return want, nil
		}
		got, err := member.transport.Change(context.Background(), leader.address(), testCluster, body)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("answered %+v, got %+v, %v", want, got, err)
		}
	}
	leader.change = func(uint64, []byte) (Answer, error) { return Answer{}, errors.New("no such member") }
	var refusal *Refusal
	_, err := member.transport.Change(context.Background(), leader.address(), testCluster, body)
	if !errors.As(err, &refusal) || refusal.Text != "no such member" {
		t.Fatalf("a change that cannot be is answered with %v", err)
	}
}

func TestUnauthenticatedQuestionsAreNotPassedOn(t *testing.T) {
	unauthenticated := start(t, 1)
	for _, secret := range []string{"", "wrong"} {
		unauthenticated.transport.options.Secret = []byte(secret)
		node := start(t, 2, func(n *node, o *Options) {
			o.Secret = []byte("right")
			n.invite = func(uint64) (Newcomer, error) { t.Error("asked by an unauthenticated node"); return Newcomer{}, nil }
			n.change = func(uint64, []byte) (Answer, error) {
				t.Error("changed by an unauthenticated node")
				return Answer{}, nil
			}
		})
		_, invited := unauthenticated.transport.Invite(context.Background(), node.address(), testCluster)
		_, changed := unauthenticated.transport.Change(context.Background(), node.address(), testCluster, nil)
		for _, err := range []error{invited, changed} {
			if err == nil || !strings.Contains(err.Error(), ErrSecret.Error()) {
				t.Errorf("with the secret %q: %v", secret, err)
			}
		}
	}
}
